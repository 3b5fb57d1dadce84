import { hash } from 'node:crypto'
import type { Item } from '../record/body.ts'
import { messageText } from '../record/message-text.ts'
import type { Connection } from './sqlite.ts'

const HASH_BYTES = 16
/** Entries after which a cache starts anew. */
const CACHE_ENTRIES = 200_000
const NO_PARENT = 0

export interface StoredMessage {
  id: number
  isSearchable: boolean
}

/** Stores each distinct message once and conversations as paths in a tree. To be used inside a transaction. */
export class MessageStore {
  readonly #messages = new Map<string, StoredMessage>()
  readonly #nodes = new Map<string, number>()
  readonly #sql

  constructor(db: Connection) {
    this.#sql = prepare(db)
  }

  /**
   * Stores a message of the request with this row id, if it is new. Undefined if its hash belongs to another text: then
   * it has to stay in its body.
   */
  store(item: Item, requestRow: number): StoredMessage | undefined {
    const digest = hash('sha256', item.json, 'buffer').subarray(0, HASH_BYTES)
    const key = digest.toString('latin1')
    const cached = this.#messages.get(key)
    if (cached) return cached
    const known = this.#sql.findMessage.get(item.json, digest)
    if (known && known.isSame === 0) return undefined
    const stored = known
      ? { id: known.id, isSearchable: known.isSearchable === 1 }
      : this.#insert(item, digest, requestRow)
    remember(this.#messages, key, stored)
    return stored
  }

  /** Id of the node at the end of a conversation of these messages. */
  tipOf(messages: readonly StoredMessage[]): number {
    return messages.reduce((parent, { id }, index) => this.#node(parent, id, index + 1), NO_PARENT)
  }

  /** To be called after a rollback, when nothing that was remembered is certain. */
  forget(): void {
    this.#messages.clear()
    this.#nodes.clear()
  }

  #insert(item: Item, digest: Buffer, requestRow: number): StoredMessage {
    const id = Number(this.#sql.insertMessage.run(digest, item.json).lastInsertRowid)
    const text = messageText(item)
    if (!text) return { id, isSearchable: false }
    if (!text.isPlain) this.#sql.insertText.run(id, text.role, text.text)
    this.#sql.insertFirst.run(id, requestRow)
    return { id, isSearchable: true }
  }

  #node(parent: number, message: number, depth: number): number {
    const key = `${parent} ${message}`
    const cached = this.#nodes.get(key)
    if (cached !== undefined) return cached
    const known = this.#sql.findNode.get(parent, message)
    const id = known?.id ?? Number(this.#sql.insertNode.run(parent, message, depth).lastInsertRowid)
    remember(this.#nodes, key, id)
    return id
  }
}

/** CAST: the bytes are UTF-8 and go in as they are, without becoming a JS string. */
function prepare(db: Connection) {
  return {
    findMessage: db.prepare<[Buffer, Buffer], { id: number; isSame: number; isSearchable: number }>(`
      SELECT id, json = CAST(? AS TEXT) AS isSame, EXISTS (SELECT 1 FROM msg_first WHERE msg = id) AS isSearchable
      FROM msg WHERE h = ?`),
    insertMessage: db.prepare<[Buffer, Buffer]>('INSERT INTO msg (h, json) VALUES (?, CAST(? AS TEXT))'),
    insertText: db.prepare<[number, string, string]>('INSERT INTO msg_text (msg, role, text) VALUES (?, ?, ?)'),
    insertFirst: db.prepare<[number, number]>('INSERT INTO msg_first (msg, req) VALUES (?, ?)'),
    findNode: db.prepare<[number, number], { id: number }>('SELECT id FROM node WHERE parent = ? AND msg = ?'),
    insertNode: db.prepare<[number, number, number]>('INSERT INTO node (parent, msg, depth) VALUES (?, ?, ?)'),
  }
}

function remember<T>(cache: Map<string, T>, key: string, value: T): void {
  if (cache.size >= CACHE_ENTRIES) cache.clear()
  cache.set(key, value)
}
