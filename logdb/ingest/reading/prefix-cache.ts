import type { Hash } from 'node:crypto'
import { COMMA } from '../../../kit/ascii.ts'
import type { CanonicalReader } from '../../canon/canonical-reader.ts'
import type { KnownMessages } from '../../record/body.ts'
import { CachedPrefix, type Kept } from './cached-prefix.ts'

const CHUNK_BYTES = 1024 * 1024
/** What a conversation and a kept hash take in addition to their bytes, roughly. */
const NODE_BYTES = 250
const HASH_STATE_BYTES = 1200
const NO_BYTES = Buffer.alloc(0)

/** How far an array of messages is known. */
export interface Walk {
  /** Up to here messages were stepped over: the last conversation on the way whose hash is kept. */
  from: CachedPrefix
  /** Those after it, whose messages are known but have to be read for the hash. */
  known: CachedPrefix[]
}

/**
 * Conversations by the bytes of their messages. A request repeats its whole conversation, so all but the last
 * messages of most requests are found here and are neither parsed nor hashed again.
 */
export class PrefixCache implements KnownMessages {
  readonly root = new CachedPrefix(0, '', 0, { chunk: NO_BYTES, start: 0, end: 0 })
  /** What is kept, roughly. */
  sizeBytes = 0
  /** True to step over nothing, for a body that does not begin like those before it. */
  readsAll = false
  readonly #walks = new Map<number, Walk>()
  /** The bytes of messages, many in one chunk: all of them are kept equally long. */
  #chunk: Buffer = NO_BYTES
  #used = 0

  /** To be called before each record. */
  forgetWalks(): void {
    this.#walks.clear()
  }

  begin(kind: number): void {
    this.#walks.delete(kind)
  }

  stepOver(reader: CanonicalReader, kind: number): number {
    const path: CachedPrefix[] = []
    let [last, lastAt, keptLength] = [this.root, reader.at, 0]
    for (;;) {
      const next = last.find(reader.source, reader.at)
      if (!next) break
      path.push(next)
      last = next
      reader.at += next.length
      if (next.state && !this.readsAll) [lastAt, keptLength] = [reader.at, path.length]
      if (reader.peek() !== COMMA) break
      reader.at++
      reader.peek()
    }
    reader.at = lastAt
    this.#walks.set(kind, { from: path[keptLength - 1] ?? this.root, known: path.slice(keptLength) })
    return keptLength
  }

  /** What is known of the body's messages of this kind. */
  walk(kind: number | undefined): Walk {
    return (kind === undefined ? undefined : this.#walks.get(kind)) ?? { from: this.root, known: [] }
  }

  /** Adds the conversation that continues another one with a new message, which stands at these bytes. */
  add(
    before: CachedPrefix,
    { number, hash, texts }: { number: number; hash: string; texts: number },
    { source, from, to }: { source: Buffer; from: number; to: number },
  ): CachedPrefix {
    const added = new CachedPrefix(number, hash, texts, this.#keep(source, from, to))
    before.add(added)
    this.sizeBytes += to - from + NODE_BYTES
    return added
  }

  /** The kept hash, to continue with. It stays where several conversations have continued, since others may. */
  takeHash(conversation: CachedPrefix): Hash | undefined {
    const { state, count } = conversation
    if (count > 0) return state?.hash.copy()
    conversation.state = undefined
    this.sizeBytes -= HASH_STATE_BYTES
    return state?.hash
  }

  keepHash(conversation: CachedPrefix, head: Buffer, hash: Hash): void {
    if (!conversation.state) this.sizeBytes += HASH_STATE_BYTES
    conversation.state = { head, hash: hash.copy() }
  }

  #keep(source: Buffer, from: number, to: number): Kept {
    const size = to - from
    if (this.#used + size > this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, size))
      this.#used = 0
    }
    const start = this.#used
    source.copy(this.#chunk, start, from, to)
    this.#used += size
    return { chunk: this.#chunk, start, end: this.#used }
  }
}
