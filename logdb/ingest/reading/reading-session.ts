import {
  addConversation,
  addMessage,
  addRow,
  emptyGroup,
  type NewConversation,
  type NewMessage,
  type NewRow,
  type RowGroup,
} from '../../store/rows/row-group.ts'
import { PrefixCache } from './prefix-cache.ts'

/** What a digest and what goes with it take, roughly. */
const MESSAGE_BYTES = 200

export interface KnownMessage {
  number: number
  digest: string
  /** Messages that hold what is searched of it, often itself. */
  texts: readonly number[]
}

type AddedMessage = Omit<NewMessage, 'texts'>

/** What a reader has found for one partition, and the part of it that has not been sent yet. */
export class ReadingSession {
  readonly number: number
  readonly path: string
  readonly known = new PrefixCache()
  readonly #messages = new Map<string, KnownMessage>()
  /** Of what stays in bodies. */
  readonly #textsInside = new Map<string, readonly number[]>()
  #conversations = 0
  #group: RowGroup | undefined

  constructor(number: number, path: string) {
    this.number = number
    this.path = path
  }

  /** What is kept, roughly. */
  get sizeBytes(): number {
    return this.known.sizeBytes + (this.#messages.size + this.#textsInside.size) * MESSAGE_BYTES
  }

  message(digest: string): KnownMessage | undefined {
    return this.#messages.get(digest)
  }

  /** @param texts other messages that hold what is searched of it */
  addMessage(digest: string, message: AddedMessage, texts: readonly number[]): KnownMessage {
    const known = { number: this.#messages.size + 1, digest, texts }
    addMessage(this.#current(), { ...message, texts })
    this.#messages.set(digest, known)
    return known
  }

  /** The same for one that is its own text. */
  addText(digest: string, message: Omit<AddedMessage, 'pieces'>): KnownMessage {
    return this.addMessage(digest, { ...message, pieces: [] }, [this.#messages.size + 1])
  }

  /** What is searched of something that stays in a body. */
  textsInside(digest: string): readonly number[] | undefined {
    return this.#messages.get(digest)?.texts ?? this.#textsInside.get(digest)
  }

  keepTextsInside(digest: string, texts: readonly number[]): void {
    this.#textsInside.set(digest, texts)
  }

  /** Returns its number. */
  addConversation(conversation: NewConversation): number {
    addConversation(this.#current(), conversation)
    return ++this.#conversations
  }

  addRow(row: NewRow): void {
    addRow(this.#current(), row)
  }

  /** What has been added since the last time. */
  takeGroup(): RowGroup[] {
    const group = this.#group
    this.#group = undefined
    return group ? [group] : []
  }

  #current(): RowGroup {
    this.#group ??= emptyGroup(this.path, this.number, this.#messages.size + 1)
    return this.#group
  }
}
