import { once } from 'node:events'
import type { Readable } from 'node:stream'

/** What a stream says until that fits the pattern, or until the stream ends or the signal aborts. The stream keeps flowing. */
export async function readUntil(stream: Readable, pattern: RegExp, signal?: AbortSignal): Promise<string> {
  let said = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  // From the beginning: the end may come in the same moment as the last piece.
  const end = once(stream, 'end', { signal }).then(() => true)
  end.catch(() => {})
  while (!pattern.test(said) && !signal?.aborted) {
    const more = once(stream, 'data', { signal }).then(() => false)
    const isOver = await Promise.race([more, end]).catch((error) => {
      if (signal?.aborted) return true
      throw error
    })
    if (isOver) break
  }
  return said
}
