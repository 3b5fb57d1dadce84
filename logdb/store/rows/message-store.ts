import type { Piece } from '../../record/text-pieces.ts'
import { HASH_BYTES } from '../partition/chain-hash.ts'
import type { Connection } from '../sqlite/engine.ts'

/** A message in canonical form. */
export interface Message {
  /** SHA-256. */
  digest: Buffer
  json: Buffer
  /** What it is put together from, of its own bytes and those of its texts; none if it is stored as it is. */
  pieces: readonly Piece[]
}

/** Stores each distinct message once. To be used inside a transaction. */
export class MessageStore {
  readonly #sql

  constructor(db: Connection) {
    this.#sql = prepare(db)
  }

  /** The id of a message that is its own text, which the request with this row id has; it is stored if it is new. */
  storeText(message: Message, requestRow: number): number {
    const { id, isNew } = this.#insert(message)
    if (isNew) this.#sql.insertFirst.run(id, requestRow)
    return id
  }

  /**
   * The same for another one.
   * @param texts ids of the messages that hold what is searched of it
   */
  store(message: Message, texts: readonly number[]): number {
    const { id, isNew } = this.#insert(message)
    if (!isNew) return id
    for (const text of texts) this.#sql.insertForm.run(id, text)
    const { json, pieces } = message
    for (const [seq, { ownStart, ownEnd, text, start, size }] of pieces.entries()) {
      this.#sql.insertPiece.run(id, seq, json.subarray(ownStart, ownEnd), texts[text] ?? null, start + 1, size)
    }
    return id
  }

  /** The id of a message if it is stored. */
  find({ digest, json }: Message): number | undefined {
    const known = this.#sql.find.get(json, digest.subarray(0, HASH_BYTES))
    return known?.isSame === 1 ? known.id : this.#sql.find.get(json, digest)?.id
  }

  #insert(message: Message): { id: number; isNew: boolean } {
    return this.#insertAs(message.digest.subarray(0, HASH_BYTES), message)
  }

  /** A message whose short hash belongs to another text gets the long one. */
  #insertAs(h: Buffer, message: Message): { id: number; isNew: boolean } {
    const stored = message.pieces.length > 0 ? IN_PIECES : message.json
    const { changes, lastInsertRowid } = this.#sql.insert.run(h, stored)
    if (changes > 0) return { id: Number(lastInsertRowid), isNew: true }
    const known = this.#sql.find.get(message.json, h)
    return known?.isSame === 1 ? { id: known.id, isNew: false } : this.#insertAs(message.digest, message)
  }
}

const IN_PIECES = Buffer.alloc(0)

/** CAST: the bytes are UTF-8 and go in as they are, without becoming a JS string. */
function prepare(db: Connection) {
  return {
    find: db.prepare<[Buffer, Buffer], { id: number; isSame: number }>(
      `SELECT id, CAST(? AS TEXT) = CASE WHEN json = '' THEN (SELECT json FROM message WHERE id = msg.id) ELSE json END AS isSame
        FROM msg WHERE h = ?`,
    ),
    insert: db.prepare<[Buffer, Buffer]>(
      'INSERT INTO msg (h, json) VALUES (?, CAST(? AS TEXT)) ON CONFLICT (h) DO NOTHING',
    ),
    insertFirst: db.prepare<[number, number]>('INSERT INTO msg_first (msg, req) VALUES (?, ?)'),
    insertForm: db.prepare<[number, number]>('INSERT INTO msg_form (msg, text) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    insertPiece: db.prepare<[number, number, Buffer, number | null, number, number]>(
      'INSERT INTO msg_piece (msg, seq, own, text, start, size) VALUES (?, ?, CAST(? AS TEXT), ?, ?, ?)',
    ),
  }
}
