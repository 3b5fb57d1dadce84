import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface ForwardProxy {
  url: string
  /** What it was asked for: `CONNECT host:port`, or `POST http://...`. */
  asked: string[]
  /** Values of the header Proxy-Authorization, one for each of these. */
  credentials: (string | undefined)[]
}

/** A proxy that leads everything to this server, whatever name it is asked for. */
export async function startForwardProxy(
  targetUrl: string,
  { refusal }: { refusal?: number } = {},
): Promise<ForwardProxy> {
  const port = Number(new URL(targetUrl).port)
  const sockets = new Set<Socket>()
  const server = createServer((from, to) => {
    note(`${from.method} ${from.url}`, from.headers['proxy-authorization'])
    if (refusal !== undefined) return void to.writeHead(refusal, { connection: 'close' }).end('no')
    const path = new URL(from.url ?? '').pathname
    const passed = request({ port, host: '127.0.0.1', method: from.method, path, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(to)
    })
    passed.on('error', () => to.destroy())
    from.pipe(passed)
  })
  server.on('connect', ({ url, headers }, socket: Socket) => {
    note(`CONNECT ${url}`, headers['proxy-authorization'])
    sockets.add(socket.on('error', () => {}))
    if (refusal !== undefined) return void socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`)
    const target = connect(port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    sockets.add(target.on('error', () => socket.destroy()))
    socket.pipe(target).pipe(socket)
  })
  const proxy: ForwardProxy = { url: '', asked: [], credentials: [] }
  const note = (target: string, authorization: string | undefined) => {
    proxy.asked.push(target)
    proxy.credentials.push(authorization)
  }
  await once(server.listen(0, '127.0.0.1'), 'listening')
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
    server.closeAllConnections()
  })
  return proxy
}
