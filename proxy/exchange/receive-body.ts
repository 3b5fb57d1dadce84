import { problems } from '../problems.ts'
import type { Exchange } from './exchange.ts'

/**
 * Reads the client's body into the exchange, then calls `onComplete`. A body that the gateway does not accept is refused
 * here, after it was read up to the limit, so that the record shows what was sent. A client that leaves in the middle
 * closes its response, which ends the exchange.
 */
export function receiveBody(exchange: Exchange, onComplete: () => void): void {
  const { request, body } = exchange
  const { bodyMemory } = exchange.services
  let isRefused = false
  const maxBytes = exchange.serving.limits.bodyMaxBytes
  const type = request.headers['content-type']
  const wrongType = type !== undefined && !isJsonType(type) ? problems.unsupportedMediaType(type) : undefined
  request.on('data', (piece: Buffer) => {
    if (isRefused) return
    body.push(piece)
    const isTooLarge = body.sizeBytes > maxBytes
    isRefused = isTooLarge || bodyMemory.isFull
    if (isRefused) exchange.refuse(wrongType ?? (isTooLarge ? problems.tooLarge(maxBytes) : problems.overloaded()))
  })
  request.on('end', () => {
    if (isRefused) return
    exchange.timings.complete()
    if (wrongType) exchange.refuse(wrongType)
    else onComplete()
  })
}

/** `application/json`, and types built on it, with any parameters. */
function isJsonType(type: string): boolean {
  return /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type.trim())
}
