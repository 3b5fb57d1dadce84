import { problems } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { joined } from './log/body.ts'

/** Reads the client's body into the exchange, then goes on; bodies that we do not take are refused here. */
export function receiveBody(exchange: Exchange, maxBytes: number, onComplete: () => void): void {
  const { request } = exchange
  const type = request.headers['content-type']
  if (type !== undefined && !isJsonType(type)) {
    exchange.refuse(problems.unsupportedMediaType(type))
    return
  }
  const received: Buffer[] = []
  request.on('data', (piece: Buffer) => {
    if (exchange.bytesIn > maxBytes) return
    exchange.bytesIn += piece.length
    received.push(piece)
    if (exchange.bytesIn > maxBytes) {
      exchange.body = joined(received)
      exchange.refuse(problems.tooLarge(maxBytes))
    }
  })
  request.on('end', () => {
    if (exchange.bytesIn > maxBytes) return
    exchange.body = joined(received)
    exchange.markComplete()
    onComplete()
  })
  // A client that goes away in the middle closes its response, which ends the exchange.
  request.on('error', () => {
    exchange.body = joined(received)
  })
}

/** `application/json`, and what is built on it, with any parameters. */
function isJsonType(type: string): boolean {
  return /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(type.trim())
}
