import type { Item } from '../record/body.ts'
import { messageText } from '../record/message-text.ts'
import { shortHash } from './chain-hash.ts'
import { remember } from './remember.ts'
import type { Connection } from './sqlite.ts'

export interface StoredMessage {
  id: number
  digest: Buffer
  isSearchable: boolean
}

/** Stores each distinct message once. To be used inside a transaction. */
export class MessageStore {
  readonly #messages = new Map<string, StoredMessage>()
  readonly #sql

  constructor(db: Connection) {
    this.#sql = prepare(db)
  }

  /**
   * Stores a message of the request with this row id, if it is new. Undefined if its hash belongs to another text: then
   * it has to stay in its body.
   */
  store(item: Item, requestRow: number): StoredMessage | undefined {
    const digest = shortHash(item.json)
    const key = digest.toString('latin1')
    const cached = this.#messages.get(key)
    if (cached) return cached
    const known = this.#sql.findMessage.get(item.json, digest)
    if (known && known.isSame === 0) return undefined
    const stored = known
      ? { id: known.id, digest, isSearchable: known.isSearchable === 1 }
      : this.#insert(item, digest, requestRow)
    remember(this.#messages, key, stored)
    return stored
  }

  /** To be called after a rollback, when nothing that was remembered is certain. */
  forget(): void {
    this.#messages.clear()
  }

  #insert(item: Item, digest: Buffer, requestRow: number): StoredMessage {
    const id = Number(this.#sql.insertMessage.run(digest, item.json).lastInsertRowid)
    const text = messageText(item)
    if (!text) return { id, digest, isSearchable: false }
    if (!text.isPlain) this.#sql.insertText.run(id, text.role, text.text)
    this.#sql.insertFirst.run(id, requestRow)
    return { id, digest, isSearchable: true }
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
  }
}
