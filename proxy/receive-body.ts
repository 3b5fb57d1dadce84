import { problems } from './errors.ts'
import type { Exchange } from './exchange.ts'

/**
 * Reads the client's body into the exchange, then goes on; bodies that we do not take are refused here. A client that
 * goes away in the middle closes its response, which ends the exchange.
 */
export function receiveBody(exchange: Exchange, maxBytes: number, onComplete: () => void): void {
  const { request } = exchange
  const type = request.headers['content-type']
  if (type !== undefined && !isJsonType(type)) {
    exchange.refuse(problems.unsupportedMediaType(type))
    return
  }
  request.on('data', (piece: Buffer) => {
    if (exchange.bytesIn > maxBytes) return
    exchange.receive(piece)
    if (exchange.bytesIn > maxBytes) exchange.refuse(problems.tooLarge(maxBytes))
  })
  request.on('end', () => {
    if (exchange.bytesIn > maxBytes) return
    exchange.markComplete()
    onComplete()
  })
}

/** `application/json`, and what is built on it, with any parameters. */
function isJsonType(type: string): boolean {
  return /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type.trim())
}
