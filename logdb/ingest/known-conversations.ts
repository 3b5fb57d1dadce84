import type { Hash } from 'node:crypto'
import type { CanonicalReader } from '../canon/canonical-reader.ts'
import type { KnownMessages } from '../record/body.ts'
import { Arena, type Kept } from './arena.ts'
import { Branches } from './branches.ts'

const COMMA = 0x2c
/** What a conversation and a kept hash take beside their bytes, roughly. */
const NODE_BYTES = 400
const HASH_STATE_BYTES = 1200
const NO_BYTES: Kept = { chunk: Buffer.alloc(0), start: 0, end: 0 }

/** A SHA-256 of a body up to the end of some message. */
interface HashState {
  /** The body's text before its first message. */
  head: Buffer
  hash: Hash
}

/** A conversation that some request sent or began with: another one and a message. */
export interface KnownConversation {
  /** By which the writer knows it; 0 is the one without messages. */
  readonly number: number
  /** Names it in every partition, as Latin-1. */
  readonly hash: string
  /** The message as it stands in the log. */
  readonly raw: Kept
  /** How many of its messages can be searched. */
  readonly texts: number
  /** Those that go on from it. */
  readonly next: Branches<KnownConversation>
  state: HashState | undefined
}

/** How far an array of messages is known. */
export interface Walk {
  /** Up to here messages were stepped over: the last conversation on the way whose hash is kept. */
  from: KnownConversation
  /** Those after it, whose messages are known but have to be read for the hash. */
  known: KnownConversation[]
}

/**
 * Conversations by the bytes of their messages. A request repeats its whole conversation, so all but the last
 * messages of most requests are found here and are neither parsed nor hashed again.
 */
export class KnownConversations implements KnownMessages {
  readonly root: KnownConversation = newConversation(0, '', NO_BYTES, 0)
  /** What is kept, roughly. */
  sizeBytes = 0
  /** Without stepping over anything, which a body needs that does not begin as those before it did. */
  readsAll = false
  readonly #arena = new Arena()
  readonly #walks = new Map<number, Walk>()

  /** To be called before each record. */
  forgetWalks(): void {
    this.#walks.clear()
  }

  begin(kind: number): void {
    this.#walks.delete(kind)
  }

  stepOver(reader: CanonicalReader, kind: number): number {
    const path: KnownConversation[] = []
    let [last, lastAt, keptLength] = [this.root, reader.at, 0]
    for (;;) {
      const next = last.next.find(reader.source, reader.at)
      if (!next) break
      path.push(next)
      last = next
      reader.at += next.raw.end - next.raw.start
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

  /** Adds the conversation that goes on from another one by a new message, which stands at these bytes. */
  add(
    before: KnownConversation,
    { number, hash, texts }: { number: number; hash: string; texts: number },
    [source, from, to]: [source: Buffer, from: number, to: number],
  ): KnownConversation {
    const added = newConversation(number, hash, this.#arena.keep(source, from, to), texts)
    before.next.add(added)
    this.sizeBytes += to - from + NODE_BYTES
    return added
  }

  /** The kept hash, to go on with. It stays where several conversations have gone on, since others may. */
  takeHash(conversation: KnownConversation): Hash | undefined {
    const { state, next } = conversation
    if (next.count > 0) return state?.hash.copy()
    conversation.state = undefined
    this.sizeBytes -= HASH_STATE_BYTES
    return state?.hash
  }

  keepHash(conversation: KnownConversation, head: Buffer, hash: Hash): void {
    if (!conversation.state) this.sizeBytes += HASH_STATE_BYTES
    conversation.state = { head, hash: hash.copy() }
  }
}

function newConversation(number: number, hash: string, raw: Kept, texts: number): KnownConversation {
  return { number, hash, raw, texts, next: new Branches(), state: undefined }
}
