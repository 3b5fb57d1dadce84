import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { connect, isIP, type Socket } from 'node:net'
import { join } from 'node:path'

export interface Authority {
  /** PEM of its certificate. */
  ca: string
  /** Key and certificate for these names, in PEM. @param days from now on until it ends */
  issue(names: string[], days?: number): { key: string; cert: string }
}

/** A certificate authority made with openssl. */
export function makeAuthority(folder: string): Authority {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test CA')
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return {
    ca: read('ca.pem'),
    issue(names, days = 1) {
      writeFileSync(
        join(folder, 'names'),
        `subjectAltName=${names.map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`).join(',')}\n`,
      )
      openssl('req', ...newKey, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', `/CN=${names[0]}`)
      const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names']
      openssl('x509', '-req', '-in', 'leaf.csr', '-out', 'leaf.pem', '-days', String(days), ...signer)
      return { key: read('leaf.key'), cert: read('leaf.pem') }
    },
  }
}

export interface TlsServer {
  port: number
  /** Opens a plain connection to it, as a tunnel through SSH would. */
  connect(): Promise<Socket>
  /** How many connections it has taken. */
  connections(): number
  close(): Promise<void>
}

export async function startTlsServer(
  pair: { key: string; cert: string },
  listener: RequestListener,
): Promise<TlsServer> {
  const server = createServer(pair, listener)
  let connections = 0
  server.on('connection', () => {
    connections++
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    port,
    connect: async () => {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      return socket
    },
    connections: () => connections,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
