import type { MessageText } from '../../record/message-text.ts'
import { HASH_BYTES } from '../partition/chain-hash.ts'
import type { Connection } from '../sqlite/engine.ts'

/** A message in canonical form. */
export interface Message {
  /** SHA-256. */
  digest: Buffer
  json: Buffer
  /** Undefined if there is nothing to search. */
  text: MessageText | undefined
}

/** Stores each distinct message once. To be used inside a transaction. */
export class MessageStore {
  readonly #sql

  constructor(db: Connection) {
    this.#sql = prepare(db)
  }

  /** The id of a message, which the request with this row id has; it is stored if it is new. */
  store(message: Message, requestRow: number): number {
    return this.#storeAs(message.digest.subarray(0, HASH_BYTES), message, requestRow)
  }

  /** The id of a message if it is stored. */
  find({ digest, json }: Message): number | undefined {
    const known = this.#sql.find.get(json, digest.subarray(0, HASH_BYTES))
    return known?.isSame === 1 ? known.id : this.#sql.find.get(json, digest)?.id
  }

  /** A message whose short hash belongs to another text gets the long one. */
  #storeAs(h: Buffer, message: Message, requestRow: number): number {
    const { changes, lastInsertRowid } = this.#sql.insert.run(h, message.json)
    if (changes === 0) {
      const known = this.#sql.find.get(message.json, h)
      return known?.isSame === 1 ? known.id : this.#storeAs(message.digest, message, requestRow)
    }
    const id = Number(lastInsertRowid)
    const { text } = message
    if (text) {
      if (!text.isPlain) this.#sql.insertText.run(id, text.role, text.text)
      this.#sql.insertFirst.run(id, requestRow)
    }
    return id
  }
}

/** CAST: the bytes are UTF-8 and go in as they are, without becoming a JS string. */
function prepare(db: Connection) {
  return {
    find: db.prepare<[Buffer, Buffer], { id: number; isSame: number }>(
      'SELECT id, json = CAST(? AS TEXT) AS isSame FROM msg WHERE h = ?',
    ),
    insert: db.prepare<[Buffer, Buffer]>(
      'INSERT INTO msg (h, json) VALUES (?, CAST(? AS TEXT)) ON CONFLICT (h) DO NOTHING',
    ),
    insertText: db.prepare<[number, string, string]>('INSERT INTO msg_text (msg, role, text) VALUES (?, ?, ?)'),
    insertFirst: db.prepare<[number, number]>('INSERT INTO msg_first (msg, req) VALUES (?, ?)'),
  }
}
