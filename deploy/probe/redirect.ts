import { connect, type Socket } from 'node:net'
import { Agent, request } from 'undici'
import { errorMessage } from '../../kit/user-error.ts'
import type { OutsideView } from './outside-probe.ts'
import { PROBE_TIMEOUT_MS } from './tls.ts'

interface Place {
  domain: string
  httpPort: number
  /** https://name[:port] */
  leadsTo: string
}

/** Asks for plain HTTP as a browser would. @returns what is wrong, in words; null if it leads to HTTPS */
export async function checkRedirect(place: Place, view: OutsideView): Promise<string | null> {
  const { domain, httpPort, leadsTo } = place
  const agent = new Agent({
    connect: (_options, done) => {
      opened(domain, httpPort, view).then(
        (socket) => done(null, socket),
        (error) => done(error, null),
      )
    },
  })
  try {
    const url = `http://${domain}${httpPort === 80 ? '' : `:${httpPort}`}/health`
    const { statusCode, headers, body } = await request(url, { dispatcher: agent, headersTimeout: PROBE_TIMEOUT_MS })
    await body.dump()
    const wanted = `${leadsTo}/health`
    if (statusCode >= 300 && statusCode < 400 && headers['location'] === wanted) return null
    return `${url} answers ${statusCode}${headers['location'] === undefined ? '' : ` to ${headers['location']}`}, not with a redirect to ${wanted}`
  } catch (error) {
    return errorMessage(error)
  } finally {
    await agent.close()
  }
}

/** A connection from this machine to a port of the server, at the address of --resolve if there is one. */
export function opened(domain: string, port: number, { resolve }: OutsideView): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect({ host: resolve[domain] ?? domain, port })
    socket.setTimeout(PROBE_TIMEOUT_MS, () =>
      socket.destroy(new Error(`no answer within ${PROBE_TIMEOUT_MS / 1000} s`)),
    )
    socket.once('connect', () => done(socket.setTimeout(0))).once('error', fail)
  })
}
