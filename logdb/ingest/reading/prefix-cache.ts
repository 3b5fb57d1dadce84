import type { Hash } from 'node:crypto'
import { COMMA } from '../../../kit/ascii.ts'
import type { CanonicalReader, Mark } from '../../canon/canonical-reader.ts'
import type { KnownMessages } from '../../record/body.ts'
import { CachedPrefix, type Kept } from './cached-prefix.ts'
import { type RecentConversation, RecentConversations } from './recent-conversations.ts'

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
  /** Where the first message stands in the record, and how many up to `from` there are. */
  start: number
  count: number
  /** What the record was found to begin with in one comparison. */
  recent: RecentConversation | undefined
}

/**
 * Conversations by the bytes of their messages. A request repeats its whole conversation, so all but the last
 * messages of most requests are found here and are neither parsed nor hashed again.
 */
export class PrefixCache implements KnownMessages {
  readonly root = new CachedPrefix(0, '', 0, { chunk: NO_BYTES, start: 0, end: 0 })
  /** What is kept of the tree, roughly. */
  #treeBytes = 0
  /** True to step over nothing, for a body that does not begin like those before it. */
  readsAll = false
  readonly #walks = new Map<number, Walk>()
  readonly #recent = new RecentConversations()
  /** The bytes of messages, many in one chunk: all of them are kept equally long. */
  #chunk: Buffer = NO_BYTES
  #used = 0

  /** What is kept, roughly. */
  get sizeBytes(): number {
    return this.#treeBytes + this.#recent.sizeBytes
  }

  /** To be called before each record. */
  forgetWalks(): void {
    this.#walks.clear()
  }

  begin(kind: number): void {
    this.#walks.delete(kind)
  }

  stepOver(reader: CanonicalReader, kind: number): number {
    const start = reader.at
    const recent = this.#findRecent(reader)
    const path: CachedPrefix[] = []
    let last = recent?.tip ?? this.root
    reader.at += recent?.length ?? 0
    let [lastAt, keptLength] = [reader.at, 0]
    for (let isNext = !recent || goesOn(reader); isNext; isNext = goesOn(reader)) {
      const next = last.find(reader.source, reader.at)
      if (!next) break
      path.push(next)
      last = next
      reader.at += next.length
      if (next.state && !this.readsAll) [lastAt, keptLength] = [reader.at, path.length]
    }
    reader.at = lastAt
    const from = path[keptLength - 1] ?? recent?.tip ?? this.root
    const count = keptLength + (recent?.count ?? 0)
    this.#walks.set(kind, { from, known: path.slice(keptLength), start, count, recent })
    return count
  }

  /** What is known of the body's messages of this kind. */
  walk(kind: number | undefined): Walk {
    const walk = kind === undefined ? undefined : this.#walks.get(kind)
    return walk ?? { from: this.root, known: [], start: 0, count: 0, recent: undefined }
  }

  /** Adds the conversation that continues another one with a new message, which stands at these bytes. */
  add(
    before: CachedPrefix,
    { number, hash, texts }: { number: number; hash: string; texts: number },
    { source, from, to }: { source: Buffer; from: number; to: number },
  ): CachedPrefix {
    const added = new CachedPrefix(number, hash, texts, this.#keep(source, from, to))
    before.add(added)
    this.#treeBytes += to - from + NODE_BYTES
    return added
  }

  /** Keeps the bytes of a conversation whose hash is kept, and that continues one: the next request will too. */
  keepRecent({ from, start, count, recent }: Walk, tip: CachedPrefix, items: readonly Mark[], source: Buffer): void {
    const last = items.at(-1)
    if (!last || !tip.state || from === this.root) return
    this.#recent.keep(recent, { source, start, end: last.sourceEnd }, count + items.length, tip)
  }

  /** The kept hash, to continue with. It stays where several conversations have continued, since others may. */
  takeHash(conversation: CachedPrefix): Hash | undefined {
    const { state, count } = conversation
    if (count > 0) return state?.hash.copy()
    conversation.state = undefined
    this.#treeBytes -= HASH_STATE_BYTES
    return state?.hash
  }

  keepHash(conversation: CachedPrefix, head: Buffer, hash: Hash): void {
    if (!conversation.state) this.#treeBytes += HASH_STATE_BYTES
    conversation.state = { head, hash: hash.copy() }
  }

  #findRecent({ source, at }: CanonicalReader): RecentConversation | undefined {
    const found = this.readsAll ? undefined : this.#recent.find(source, at)
    return found?.tip.state && found
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

/** Goes to the next element of an array; false at its end. */
function goesOn(reader: CanonicalReader): boolean {
  if (reader.peek() !== COMMA) return false
  reader.at++
  reader.peek()
  return true
}
