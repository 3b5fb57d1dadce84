import { problems } from '../problems.ts'
import type { Exchange } from './exchange.ts'

/** Bodies of all requests together: what is beyond would rather be sent again than fill the memory. */
const MAX_BODY_BYTES_IN_FLIGHT = 512 * 2 ** 20

/**
 * Reads the client's body into the exchange, then goes on; bodies that we do not take are refused here, after they were
 * read up to the limit, so that the record tells what was sent. A client that goes away in the middle closes its
 * response, which ends the exchange.
 */
export function receiveBody(exchange: Exchange, onComplete: () => void): void {
  const { request } = exchange
  const { running } = exchange.context
  let refused = false
  const maxBytes = exchange.serving.limits.bodyMaxBytes
  const type = request.headers['content-type']
  const wrongType = type !== undefined && !isJsonType(type) ? problems.unsupportedMediaType(type) : undefined
  request.on('data', (piece: Buffer) => {
    if (refused) return
    exchange.receive(piece)
    const tooLarge = exchange.bytesIn > maxBytes
    refused = tooLarge || running.bodyBytes > MAX_BODY_BYTES_IN_FLIGHT
    if (refused) exchange.refuse(wrongType ?? (tooLarge ? problems.tooLarge(maxBytes) : problems.overloaded()))
  })
  request.on('end', () => {
    if (refused) return
    exchange.timings.complete()
    if (wrongType) exchange.refuse(wrongType)
    else onComplete()
  })
}

/** `application/json`, and what is built on it, with any parameters. */
function isJsonType(type: string): boolean {
  return /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type.trim())
}
