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
  isSearchable: boolean
}

/** What a reader has found for one partition, and the part of it that has not been sent yet. */
export class ReadingSession {
  readonly number: number
  readonly path: string
  readonly known = new PrefixCache()
  readonly #messages = new Map<string, KnownMessage>()
  #conversations = 0
  #group: RowGroup | undefined

  constructor(number: number, path: string) {
    this.number = number
    this.path = path
  }

  /** What is kept, roughly. */
  get sizeBytes(): number {
    return this.known.sizeBytes + this.#messages.size * MESSAGE_BYTES
  }

  message(digest: string): KnownMessage | undefined {
    return this.#messages.get(digest)
  }

  addMessage(digest: string, message: NewMessage): KnownMessage {
    addMessage(this.#current(), message)
    const known = { number: this.#messages.size + 1, digest, isSearchable: message.text !== undefined }
    this.#messages.set(digest, known)
    return known
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
