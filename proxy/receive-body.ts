import { problems } from './errors.ts'
import type { Exchange } from './exchange.ts'

/**
 * Reads the client's body into the exchange, then goes on; bodies that we do not take are refused here, after they were
 * read up to the limit, so that the record tells what was sent. A client that goes away in the middle closes its
 * response, which ends the exchange.
 */
export function receiveBody(exchange: Exchange, onComplete: () => void): void {
  const { request } = exchange
  const maxBytes = exchange.serving.limits.bodyMaxBytes
  const type = request.headers['content-type']
  const wrongType = type !== undefined && !isJsonType(type) ? problems.unsupportedMediaType(type) : undefined
  request.on('data', (piece: Buffer) => {
    if (exchange.bytesIn > maxBytes) return
    exchange.receive(piece)
    if (exchange.bytesIn > maxBytes) exchange.refuse(wrongType ?? problems.tooLarge(maxBytes))
  })
  request.on('end', () => {
    if (exchange.bytesIn > maxBytes) return
    exchange.timings.complete()
    if (wrongType) exchange.refuse(wrongType)
    else onComplete()
  })
}

/** `application/json`, and what is built on it, with any parameters. */
function isJsonType(type: string): boolean {
  return /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type.trim())
}
