import { type AddressInfo, connect, createServer } from 'node:net'

export const LOOPBACK = '127.0.0.1'

/** True if a TCP connection to this address succeeds. */
export function isListening(host: string, port: number, limitMs = 2_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: limitMs })
    const answer = (canConnect: boolean) => {
      socket.destroy()
      resolve(canConnect)
    }
    socket.once('connect', () => answer(true))
    socket.once('timeout', () => answer(false))
    socket.once('error', () => answer(false))
  })
}

/** A port of loopback on which nothing listens. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, LOOPBACK, () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
