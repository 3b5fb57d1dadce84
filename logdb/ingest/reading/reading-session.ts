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
  /**
   * Messages that hold what is searched of it; undefined if it is its own text, as nearly every one is. A list for each of
   * those made reading single requests a twentieth slower.
   */
  texts: readonly number[] | undefined
}

/** True if there is something to search of it. */
export function isSearchable({ texts }: KnownMessage): boolean {
  return texts === undefined || texts.length > 0
}

/** The messages that hold what is searched of it. */
export function textsOf({ number, texts }: KnownMessage): readonly number[] {
  return texts ?? [number]
}

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

  addMessage(digest: string, message: NewMessage): KnownMessage {
    addMessage(this.#current(), message)
    return this.#know(digest, message.texts)
  }

  /** What is searched of something that stays in a body. */
  textsInside(digest: string): readonly number[] | undefined {
    const known = this.#messages.get(digest)
    return known ? textsOf(known) : this.#textsInside.get(digest)
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

  #know(digest: string, texts: readonly number[] | undefined): KnownMessage {
    const known = { number: this.#messages.size + 1, digest, texts }
    this.#messages.set(digest, known)
    return known
  }

  #current(): RowGroup {
    this.#group ??= emptyGroup(this.path, this.number, this.#messages.size + 1)
    return this.#group
  }
}
