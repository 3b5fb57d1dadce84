import type { LogFormat } from './find.ts'
import { type FindFrame, type Following, type Frame, findBlock, findLine } from './frames.ts'
import type { SourceFile } from './source-file.ts'

/** A frame at its place in the source; `bytes` hold until the next one is asked for. */
export interface Piece {
  kind: Frame['kind']
  start: number
  end: number
  /** Everything from start to end. */
  bytes: Buffer
  /** The JSON of a record. */
  json: Buffer
  /** Why it is corrupt. */
  reason: string
}

const FIND: Record<LogFormat, FindFrame> = { jsonl: findLine, predecessor: findBlock }

/**
 * The frames of a source from an offset where a line starts. What is unfinished at the end of a plain file is not given:
 * it may still grow.
 */
export async function* readFrames(source: SourceFile, format: LogFormat, from: number): AsyncGenerator<Piece> {
  const find = FIND[format]
  let window: Buffer = Buffer.alloc(0)
  let windowStart = from
  const waiting: Buffer[] = []
  let waitingBytes = 0
  for await (const chunk of source.chunks(from)) {
    waiting.push(chunk)
    waitingBytes += chunk.length
    if (waitingBytes < window.length) continue // a long record: look again only when the window has doubled
    window = Buffer.concat([window, ...waiting.splice(0)])
    waitingBytes = 0
    const used = yield* framesIn(window, windowStart, find, 'more')
    window = window.subarray(used)
    windowStart += used
  }
  window = Buffer.concat([window, ...waiting])
  yield* framesIn(window, windowStart, find, source.isCompressed ? 'nothing' : 'growing')
}

/** Returns how many bytes of the window the frames cover. */
function* framesIn(
  window: Buffer,
  windowStart: number,
  find: FindFrame,
  following: Following,
): Generator<Piece, number> {
  let at = 0
  while (at < window.length) {
    const frame = find(window, at, following)
    if (!frame) break
    yield toPiece(frame, window, windowStart, at)
    at = frame.end
  }
  return at
}

function toPiece(frame: Frame, window: Buffer, windowStart: number, at: number): Piece {
  const bytes = window.subarray(at, frame.end)
  const json = frame.kind === 'record' ? window.subarray(frame.jsonStart, frame.jsonEnd) : bytes
  const reason = frame.kind === 'corrupt' ? frame.reason : ''
  return { kind: frame.kind, start: windowStart + at, end: windowStart + frame.end, bytes, json, reason }
}
