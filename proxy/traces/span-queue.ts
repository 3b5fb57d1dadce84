import type { Span } from './span.ts'
import { CONTENT_ATTRIBUTES } from './span-content.ts'

/** Spans of one request to the receiver. */
const MAX_BATCH = 512
/** Spans that wait; beyond that, new ones are dropped. */
const MAX_WAITING = 4_096
/** Characters of messages in one request to the receiver, except that one span may have more. */
const MAX_BATCH_CONTENT = 1024 * 1024
/** Characters of messages that wait; beyond that, new spans have none. */
const MAX_WAITING_CONTENT = 16 * 1024 * 1024

/** Spans that wait to be sent, of a limited number and size. */
export class SpanQueue {
  #spans: Span[] = []
  /** Characters of messages in all of them. */
  #content = 0
  /** Spans of one request, as far as the receiver takes so many. */
  #maxBatch = MAX_BATCH

  get length(): number {
    return this.#spans.length
  }

  get isFull(): boolean {
    return this.length >= MAX_WAITING
  }

  get hasRoomForContent(): boolean {
    return this.#content < MAX_WAITING_CONTENT
  }

  /** Enough waits for one request to the receiver. */
  get hasBatch(): boolean {
    return this.length >= this.#maxBatch || this.#content >= MAX_BATCH_CONTENT
  }

  push(span: Span): void {
    this.#spans.push(span)
    this.#content += contentLength(span)
  }

  /** The oldest spans, for one request to the receiver. */
  takeBatch(): Span[] {
    let count = 0
    let content = 0
    for (const span of this.#spans.slice(0, this.#maxBatch)) {
      const more = contentLength(span)
      if (count > 0 && content + more > MAX_BATCH_CONTENT) break
      content += more
      count++
    }
    this.#content -= content
    return this.#spans.splice(0, count)
  }

  /**
   * Puts a batch back in its place.
   * @returns how many of its spans did not fit
   */
  putBack(batch: readonly Span[]): number {
    const kept = batch.slice(0, MAX_WAITING - this.length)
    this.#spans.unshift(...kept)
    for (const span of kept) this.#content += contentLength(span)
    return batch.length - kept.length
  }

  /**
   * Takes smaller batches from now on, because the receiver found this one too large.
   * @returns false if none is smaller
   */
  shrinkFrom({ length }: readonly Span[]): boolean {
    if (length > 1) this.#maxBatch = Math.ceil(length / 2)
    return length > 1
  }

  /** Takes larger ones again, step by step. */
  grow(): void {
    this.#maxBatch = Math.min(MAX_BATCH, this.#maxBatch + 1)
  }

  clear(): void {
    this.#spans = []
    this.#content = 0
  }
}

function contentLength({ attributes }: Span): number {
  let length = 0
  for (const name of CONTENT_ATTRIBUTES) {
    const value = attributes[name]
    if (typeof value === 'string') length += value.length
  }
  return length
}
