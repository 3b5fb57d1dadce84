import type { Socket } from 'node:net'

const LINE_FEED = 10

/** The lines that arrive, without their ends; the last one may have none. The socket stays open for answers. @throws Error */
export async function* linesOf(socket: Socket, maxBytes = Number.POSITIVE_INFINITY): AsyncGenerator<string> {
  let pieces: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...pieces, chunk.subarray(start, end)]).toString()
      ;[pieces, sizeBytes, start] = [[], 0, end + 1]
    }
    pieces.push(chunk.subarray(start))
    sizeBytes += chunk.length - start
    if (sizeBytes > maxBytes) throw new Error(`a line is longer than ${maxBytes} bytes`)
  }
  if (sizeBytes > 0) yield Buffer.concat(pieces).toString()
}

export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}
