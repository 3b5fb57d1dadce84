import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'

/**
 * Waits until a stream has ended, maybe long ago, or the time is over. Until then the process keeps running, also if the
 * connection of the stream is lost: with AbortSignal.timeout alone Node would end it in silence, with exit code 13.
 */
export async function untilEnded(stream: Readable, limitMs: number): Promise<void> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), limitMs)
  await finished(stream, { writable: false, signal: limit.signal }).catch(() => {})
  clearTimeout(timer)
}
