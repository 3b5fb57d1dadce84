import * as http from 'node:http'
import * as https from 'node:https'
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'

const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' }

/** Makes encrypted connections through a proxy, which sees only where they lead. */
export function throughTunnel(
  proxy: URL,
  encrypt: buildConnector.connector,
  timeoutMs: number,
): buildConnector.connector {
  return (target, callback) => {
    const host = target.hostname.includes(':') ? `[${target.hostname}]` : target.hostname
    openTunnel(proxy, `${host}:${target.port || DEFAULT_PORTS['https:']}`, timeoutMs).then(
      (httpSocket) => encrypt({ ...target, httpSocket }, callback),
      (error: Error) => callback(error, null),
    )
  }
}

/** The headers that a proxy gets with a request that it is to pass on. */
export function proxyHeaders({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6 */
function openTunnel(proxy: URL, authority: string, timeoutMs: number): Promise<Socket> {
  const { request } = proxy.protocol === 'https:' ? https : http
  const asked = request({
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || DEFAULT_PORTS[proxy.protocol],
    path: authority,
    headers: { host: authority, ...proxyHeaders(proxy) },
    agent: false,
  })
  const failed = (why: string) => new Error(`the proxy ${proxy.host} ${why}`)
  const timer = setTimeout(() => asked.destroy(new Error('it did not answer')), timeoutMs)
  const tunnel = new Promise<Socket>((resolve, reject) => {
    asked.once('connect', ({ statusCode = 0 }, socket) => {
      if (statusCode >= 200 && statusCode < 300) {
        resolve(socket)
        return
      }
      socket.destroy()
      reject(failed(`refused a connection with status ${statusCode}`))
    })
    // A proxy that knows nothing of tunnels answers like any server.
    asked.once('response', ({ statusCode }) => {
      asked.destroy()
      reject(failed(`refused a connection with status ${statusCode}`))
    })
    asked.on('error', (error) => reject(failed(`failed: ${error.message}`)))
  })
  asked.end()
  return tunnel.finally(() => clearTimeout(timer))
}
