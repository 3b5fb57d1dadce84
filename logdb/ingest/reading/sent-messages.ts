import { createHash, hash } from 'node:crypto'
import type { Mark } from '../../canon/canonical-reader.ts'
import type { Body } from '../../record/body.ts'
import type { EntryReader } from '../../record/entry.ts'
import { messageTexts } from '../../record/message-text.ts'
import { NO_PIECES, textPieces } from '../../record/text-pieces.ts'
import { HASH_BYTES } from '../../store/partition/chain-hash.ts'
import type { CachedPrefix } from './cached-prefix.ts'
import type { Walk } from './prefix-cache.ts'
import { isSearchable, type KnownMessage, textsOf } from './reading-session.ts'
import type { Sessions } from './sessions.ts'

/** A conversation as the writer will know it, and the SHA-256 of the whole body in hex. */
export interface SentConversation {
  tip: CachedPrefix
  sha256: string
}

/** Sends each message and each conversation of the records that are read to a partition once. */
export class SentMessages {
  readonly #reader: EntryReader
  readonly #sessions: Sessions

  constructor(reader: EntryReader, sessions: Sessions) {
    this.#reader = reader
    this.#sessions = sessions
  }

  /** True if the kept hash of what was stepped over is that of this body too. */
  beginsAsKnown({ kind, start, headEnd, hidesTexts }: Body): boolean {
    const { state } = this.#sessions.current.known.walk(kind).from
    return !hidesTexts && (!state || state.head.equals(this.#reader.sink.view(start, headEnd)))
  }

  conversation(body: Body): SentConversation {
    const { known } = this.#sessions.current
    const { sink } = this.#reader
    const walk = known.walk(body.kind)
    const begun = walk.from.state
    const head = begun?.head ?? Buffer.from(sink.view(body.start, body.headEnd))
    let running = begun && (body.items.length > 0 ? known.takeHash(walk.from) : begun.hash.copy())
    let hashedTo = begun ? body.headEnd : body.start
    let tip = walk.from
    for (const [index, mark] of body.items.entries()) {
      tip = walk.known[index] ?? this.#extend(tip, mark)
      if (!this.#keepsHash(tip, walk, index === body.items.length - 1)) continue
      running ??= createHash('sha256')
      running.update(sink.view(hashedTo, mark.end))
      hashedTo = mark.end
      known.keepHash(tip, head, running)
    }
    known.keepRecent(walk, tip, body.items, this.#reader.source)
    const rest = sink.view(hashedTo, body.end)
    return { tip, sha256: running ? running.update(rest).digest('hex') : hash('sha256', rest, 'hex') }
  }

  /** The same for a body that is not stored. */
  noConversation({ start, end }: Body): SentConversation {
    const sha256 = hash('sha256', this.#reader.sink.view(start, end), 'hex')
    return { tip: this.#sessions.current.known.root, sha256 }
  }

  message({ start, end, name }: Mark): KnownMessage {
    const { sink } = this.#reader
    const session = this.#sessions.current
    const json = sink.view(start, end)
    const digest = hash('sha256', json, 'binary')
    const known = session.message(digest)
    if (known) return known
    const texts = messageTexts({ json, role: name })
    if (texts[0] === json) return this.#addText(digest, start, end)
    const numbers = texts.map((text) => this.#text(text))
    const pieces = textPieces(json, texts)
    return session.addMessage(digest, { start, end, digest: this.#add(digest), texts: numbers, pieces })
  }

  /** The messages that hold what is searched of something that stays in a body. */
  textsInside(mark: Mark): readonly number[] {
    const session = this.#sessions.current
    const json = this.#reader.sink.view(mark.start, mark.end)
    const digest = hash('sha256', json, 'binary')
    const known = session.textsInside(digest)
    if (known) return known
    const texts = messageTexts({ json, role: mark.name })
    if (texts[0] === json) return textsOf(this.message(mark))
    const numbers = texts.map((text) => this.#text(text))
    session.keepTextsInside(digest, numbers)
    return numbers
  }

  /** Sends what is searched of a message as another message. */
  #text(json: Buffer): number {
    const session = this.#sessions.current
    const digest = hash('sha256', json, 'binary')
    const known = session.message(digest)
    if (known) return known.number
    const start = this.#reader.sink.length
    this.#reader.sink.run(json, 0, json.length)
    const end = this.#reader.sink.length
    return this.#addText(digest, start, end).number
  }

  #addText(digest: string, start: number, end: number): KnownMessage {
    const message = { start, end, digest: this.#add(digest), texts: undefined, pieces: NO_PIECES }
    return this.#sessions.current.addMessage(digest, message)
  }

  /** Returns where it starts. */
  #add(digest: string): number {
    const { sink } = this.#reader
    const start = sink.length
    sink.latin1(digest)
    return start
  }

  /** True where other requests are likely to continue: after one that continues another, and where several have done so. */
  #keepsHash(prefix: CachedPrefix, { from, known }: Walk, isLast: boolean): boolean {
    const all = this.#sessions.current.known
    if (prefix.state && !all.readsAll) return false
    return prefix.count > 1 || (isLast && (from !== all.root || known.length > 0))
  }

  #extend(before: CachedPrefix, mark: Mark): CachedPrefix {
    const { sink, source } = this.#reader
    const session = this.#sessions.current
    const message = this.message(mark)
    const name = hash('sha256', Buffer.from(before.hash + message.digest.slice(0, HASH_BYTES), 'latin1'), 'binary')
    const ownHash = name.slice(0, HASH_BYTES)
    const link = { parent: before.number, message: message.number, hash: sink.length }
    sink.latin1(ownHash)
    const number = session.addConversation(link)
    const texts = before.texts + Number(isSearchable(message))
    return session.known.add(
      before,
      { number, hash: ownHash, texts },
      { source, from: mark.sourceStart, to: mark.sourceEnd },
    )
  }
}
