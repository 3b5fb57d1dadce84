import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { CARRIAGE_RETURN, LINE_FEED, SPACE } from '../../kit/ascii.ts'
import { digestingMedia, digestMedia } from './media.ts'

/** A body in the form of the log: one line of valid JSON. */
export interface LoggedBody {
  json: Buffer
  truncated: boolean
  /** Set if the log holds only this of the body; it is not in `json`, because the log may hold it only with a secret. */
  digest?: { bytes: number; sha256: string }
}

/** Largest body that is logged in full, in bytes, and what happens to images in it. */
export interface BodyLogOptions {
  bodyMaxBytes: number
  images: 'digest' | 'full'
}

/** How much of a body the log has that it cannot hold whole. */
export const EXCERPT_BYTES = 4096

/**
 * Makes the log's form of a body that is known to be JSON.
 * @param model is kept in the log if the body is too large for it
 */
export function logJson(json: Buffer, model: string | null, options: BodyLogOptions): LoggedBody {
  return toLogged(json, options.images === 'digest' ? digestMedia(json) : json, model, options)
}

/** The same for a large body, in small steps, so that other requests need not wait. */
export async function logLargeJson(json: Buffer, model: string | null, options: BodyLogOptions): Promise<LoggedBody> {
  if (options.images !== 'digest') return logJson(json, model, options)
  return toLogged(json, await inSteps(digestingMedia(json)), model, options)
}

/** Does other work between the steps of a generator. */
export async function inSteps<T>(steps: Generator<void, T>): Promise<T> {
  let step = steps.next()
  while (!step.done) {
    await setImmediate()
    step = steps.next()
  }
  return step.value
}

function toLogged(json: Buffer, shown: Buffer, model: string | null, { bodyMaxBytes }: BodyLogOptions): LoggedBody {
  if (shown.length <= bodyMaxBytes) return { json: onOneLine(shown), truncated: false }
  const excerpt = new Excerpt()
  excerpt.push(json)
  return excerpt.toBody(model)
}

/** Makes the log's form of a body that is not JSON: its first 4096 bytes as text. */
export function logInvalidBody(body: Buffer): LoggedBody {
  return { json: Buffer.from(JSON.stringify({ _invalid_body: startOfText(body) })), truncated: false }
}

/** A body that arrives in pieces. It is kept whole up to a limit; of a larger one only size, hash, head and tail are kept. */
export class BodyCapture {
  readonly #maxBytes: number
  #pieces: Buffer[] = []
  #bytes = 0
  #excerpt: Excerpt | undefined

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(piece: Buffer): void {
    this.#bytes += piece.length
    if (!this.#excerpt && this.#bytes > this.#maxBytes) {
      this.#excerpt = new Excerpt()
      for (const kept of this.#pieces) this.#excerpt.push(kept)
      this.#pieces = []
    }
    if (this.#excerpt) this.#excerpt.push(piece)
    else this.#pieces.push(piece)
  }

  /** The whole body, or its excerpt if it was too large. */
  get content(): Buffer | Excerpt {
    return this.#excerpt ?? joined(this.#pieces)
  }
}

/** The parts of a too large body that the log keeps. */
export class Excerpt {
  readonly #hash = createHash('sha256')
  #bytes = 0
  #head = Buffer.alloc(0)
  #tail = Buffer.alloc(0)

  push(piece: Buffer): void {
    this.#hash.update(piece)
    this.#bytes += piece.length
    const missing = EXCERPT_BYTES - this.#head.length
    if (missing > 0) this.#head = Buffer.concat([this.#head, piece.subarray(0, missing)])
    const end = piece.length < EXCERPT_BYTES ? Buffer.concat([this.#tail, piece]) : piece
    this.#tail = Buffer.from(end.subarray(-EXCERPT_BYTES))
  }

  toBody(model: string | null): LoggedBody {
    const sha256 = this.#hash.copy().digest('hex')
    const _truncated = { bytes: this.#bytes, sha256, head: startOfText(this.#head), tail: endOfText(this.#tail) }
    return { json: Buffer.from(JSON.stringify({ model, _truncated })), truncated: true }
  }
}

/** Makes no copy if there is only one piece, which is the usual case. */
export function joined(pieces: Buffer[]): Buffer {
  const [first] = pieces
  return first && pieces.length === 1 ? first : Buffer.concat(pieces)
}

/** JSON has line breaks only between its tokens, never inside a string; there a space means the same. */
function onOneLine(json: Buffer): Buffer {
  if (!json.includes(LINE_FEED) && !json.includes(CARRIAGE_RETURN)) return json
  const line = Buffer.from(json)
  for (const lineBreak of [LINE_FEED, CARRIAGE_RETURN]) {
    for (let at = line.indexOf(lineBreak); at !== -1; at = line.indexOf(lineBreak, at + 1)) line[at] = SPACE
  }
  return line
}

/** Omits a character that the limit cuts in two. */
function startOfText(bytes: Buffer): string {
  const cut = bytes.length >= EXCERPT_BYTES
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, EXCERPT_BYTES), { stream: cut })
}

function endOfText(bytes: Buffer): string {
  let start = Math.max(0, bytes.length - EXCERPT_BYTES)
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start++
  return bytes.toString('utf8', start)
}
