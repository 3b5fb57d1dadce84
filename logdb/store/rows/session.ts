import { HASH_BYTES } from '../partition/chain-hash.ts'
import { type Conversation, type ConversationTree, NO_CONVERSATION } from './conversation-tree.ts'
import type { Message, MessageStore } from './message-store.ts'
import { conversationsOf, DIGEST_BYTES, messagesOf, type RowGroup } from './row-group.ts'

export interface Stores {
  messages: MessageStore
  conversations: ConversationTree
}

interface SentMessage extends Message {
  /** Messages that hold what is searched of it; undefined if it is its own text. */
  texts: readonly number[] | undefined
}

interface Link {
  parent: number
  message: number
  hash: Buffer
  /** Undefined until a row needs it. */
  stored: Conversation | undefined
}

const NONE: Link = { parent: 0, message: 0, hash: Buffer.alloc(0), stored: NO_CONVERSATION }

/**
 * Messages and conversations that a reader has sent to a partition, by its numbers. They are stored with the first row
 * that needs them.
 */
export class Session {
  /** The id of a message that is stored, else the message. */
  readonly #messages: (number | SentMessage)[] = [0]
  readonly #links: Link[] = [NONE]
  #version = 0

  /** Takes what a group brings. Its bytes must hold until `settle`. */
  receive(group: RowGroup, bytes: Buffer): void {
    for (const { start, end, digest, texts, pieces } of messagesOf(group)) {
      const json = bytes.subarray(start, end)
      this.#messages.push({ digest: bytes.subarray(digest, digest + DIGEST_BYTES), json, pieces, texts })
    }
    for (const { parent, message, hash } of conversationsOf(group)) {
      const name = Buffer.from(bytes.subarray(hash, hash + HASH_BYTES))
      this.#links.push({ parent, message, hash: name, stored: undefined })
    }
  }

  /** The id of a message, which the request with this row id has; 0 for none. */
  message(number: number, row: number, stores: Stores): number {
    const known = this.#messages[number] as number | SentMessage
    if (typeof known === 'number') return known
    const { messages } = stores
    const texts = known.texts?.map((text) => this.message(text, row, stores))
    const id = texts ? messages.store(known, texts) : messages.storeText(known, row)
    this.#messages[number] = id
    return id
  }

  /** The last node of a conversation that the request with this row id sends; null for none. */
  conversation(number: number, row: number, stores: Stores): number | null {
    if (number === 0) return null
    this.#forgetOldRoots(stores)
    const path: Link[] = []
    let link = this.#links[number] as Link
    while (!link.stored) {
      path.push(link)
      link = this.#links[link.parent] as Link
    }
    let stored = link.stored
    for (const next of path.reverse()) {
      stored = stores.conversations.extend(stored, this.message(next.message, row, stores))
      next.stored = stored
    }
    stores.conversations.send(stored, (path.at(-1) ?? link).hash)
    return stored.tip
  }

  /** Keeps what no row needed yet and the partition does not have: its bytes are about to go. */
  settle({ firstMessage }: RowGroup, { messages }: Stores): void {
    for (let number = firstMessage; number < this.#messages.length; number++) {
      const message = this.#messages[number] as number | SentMessage
      if (typeof message === 'number') continue
      const kept = { ...message, digest: Buffer.from(message.digest), json: Buffer.from(message.json) }
      this.#messages[number] = messages.find(message) ?? kept
    }
  }

  #forgetOldRoots({ conversations }: Stores): void {
    if (conversations.version === this.#version) return
    this.#version = conversations.version
    for (const link of this.#links) if (link !== NONE) link.stored = undefined
  }
}
