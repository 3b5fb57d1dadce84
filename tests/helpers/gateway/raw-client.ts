import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface RawExchange {
  /** What the gateway sent, as Latin-1. */
  received: string
  /** Bytes that the connection took from us. */
  sentBytes: number
  /** How the gateway's side ended; undefined if it was still open. */
  end: 'closed' | 'reset' | undefined
  /** How long the connection was open, in milliseconds. */
  openMs: number
}

/**
 * Sends these bytes as they are, then, if asked to, one piece of a body again and again until the connection closes.
 * @param waitMs how long to wait for the end
 */
export async function exchangeRaw(
  gatewayUrl: string,
  head: string | Buffer,
  { endlessly, waitMs = 5_000 }: { endlessly?: Buffer; waitMs?: number } = {},
): Promise<RawExchange> {
  const startMs = performance.now()
  const socket = connect({ port: Number(new URL(gatewayUrl).port), host: '127.0.0.1', allowHalfOpen: true })
  const exchange: RawExchange = { received: '', sentBytes: 0, end: undefined, openMs: 0 }
  const gone = new AbortController()
  socket.on('data', (bytes) => {
    exchange.received += bytes.toString('latin1')
  })
  socket.on('error', () => {
    exchange.end = 'reset'
  })
  socket.on('close', () => {
    exchange.end ??= 'closed'
    exchange.openMs = performance.now() - startMs
    gone.abort()
  })
  const send = (error?: Error | null) => {
    if (endlessly && !error && socket.writable) socket.write(endlessly, (failed) => setImmediate(send, failed))
  }
  socket.write(head, send)
  // A client that sends nothing more ends its side when the gateway has ended its own.
  if (!endlessly) socket.on('end', () => socket.end())
  await sleep(waitMs, undefined, { signal: gone.signal }).catch(() => {})
  exchange.sentBytes = socket.bytesWritten - socket.writableLength
  socket.destroy()
  return exchange
}
