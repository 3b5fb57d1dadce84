import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type Probe, type ProbeAnswer, type ProbeIdentity, RELEASE_HEADER } from './probe.ts'

const TIMEOUT_MS = 10_000

/**
 * Asks a gateway on a port of the server without its edge: plain HTTP through the connection to the server.
 * @param connect opens a connection to that port; each request has its own
 */
export function loopbackProbe(connect: () => Promise<Duplex>, { apiKey }: ProbeIdentity): Probe {
  const headers = {
    host: '127.0.0.1',
    'content-type': 'application/json',
    ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
  }
  const ask = async (method: string, path: string, body?: unknown): Promise<ProbeAnswer> => {
    const stream = await connect()
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const asked = request({ method, path, headers, signal, createConnection: () => stream })
    asked.end(body === undefined ? undefined : JSON.stringify(body))
    try {
      const [answer]: IncomingMessage[] = await once(asked, 'response')
      if (answer === undefined) throw new Error('there is no answer')
      const release = answer.headers[RELEASE_HEADER]
      return {
        status: answer.statusCode ?? 0,
        release: typeof release === 'string' ? release : null,
        body: await text(answer),
      }
    } finally {
      stream.destroy()
    }
  }
  return {
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    close: async () => {},
  }
}
