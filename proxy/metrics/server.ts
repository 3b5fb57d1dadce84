import { createServer, type Server } from 'node:http'
import { errorMessage, hasErrorCode } from '../../kit/user-error.ts'
import { gatewayError } from '../errors.ts'

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export interface MetricsAddress {
  host: string
  port: number
  /** METRICS_PORT is not set. */
  isDefault: boolean
}

/**
 * Serves /metrics on its own address, never on the address of the API. When `render` fails, the answer is a 503
 * that says why.
 * @returns undefined if the default port is in use, as when two gateways run on one machine; then `warn` is called
 * @throws UserError CANNOT_LISTEN if the port that METRICS_PORT names cannot be used
 */
export async function serveMetrics(
  { host, port, isDefault }: MetricsAddress,
  render: () => Promise<string>,
  warn: (message: string) => void,
): Promise<Server | undefined> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    render().then(
      (text) => response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(text),
      (error: unknown) => response.writeHead(503).end(`${errorMessage(error)}\n`),
    )
  })
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen({ host, port, exclusive: true }, resolve)
    })
    return server
  } catch (error) {
    const problem = `cannot serve metrics on ${host}:${port}: ${errorMessage(error)}`
    if (isDefault && hasErrorCode(error, 'EADDRINUSE')) {
      warn(`${problem}; METRICS_PORT sets another port`)
      return undefined
    }
    throw gatewayError('CANNOT_LISTEN', problem, 'correct METRICS_HOST and METRICS_PORT', error)
  }
}
