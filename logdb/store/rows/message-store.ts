import type { Piece } from '../../record/text-pieces.ts'
import { HASH_BYTES } from '../partition/chain-hash.ts'
import type { Connection } from '../sqlite/engine.ts'
import { FORM_START, formEnd, hasHash, ROLES } from '../tables/message-tables.ts'

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
    const short = digest.subarray(0, HASH_BYTES)
    const known = this.#sql.find.get({ json, h: short })
    return known?.isSame === 1 ? known.id : this.#sql.find.get({ json, h: digest })?.id
  }

  #insert(message: Message): { id: number; isNew: boolean } {
    return this.#insertAs(message.digest.subarray(0, HASH_BYTES), message)
  }

  /** A message whose short hash belongs to another text gets the long one. */
  #insertAs(h: Buffer, message: Message): { id: number; isNew: boolean } {
    const { form, text } = message.pieces.length > 0 ? IN_PIECES : shortened(message.json)
    const { changes, lastInsertRowid } = this.#sql.insert.run(h, form, text)
    if (changes > 0) return { id: Number(lastInsertRowid), isNew: true }
    const known = this.#sql.find.get({ json: message.json, h })
    return known?.isSame === 1 ? { id: known.id, isNew: false } : this.#insertAs(message.digest, message)
  }
}

const IN_PIECES = { form: 0, text: Buffer.alloc(0) }
const START = Buffer.from(FORM_START)
const ENDS = ROLES.map((role) => Buffer.from(formEnd(role)))

/** A message that has only a role and a text is stored without what these have around them. */
function shortened(json: Buffer): { form: number; text: Buffer } {
  const form = holds(json, START, 0) ? ENDS.findIndex((end, index) => index > 0 && endsWith(json, end)) : 0
  const end = ENDS[form]
  if (form <= 0 || !end) return { form: 0, text: json }
  return { form, text: json.subarray(START.length, json.length - end.length) }
}

function endsWith(json: Buffer, end: Buffer): boolean {
  const at = json.length - end.length
  return at >= START.length && holds(json, end, at)
}

/** From the end on, where roles differ. To make a part of a Buffer and compare that takes several times as long. */
function holds(json: Buffer, part: Buffer, at: number): boolean {
  let index = part.length - 1
  while (index >= 0 && json[at + index] === part[index]) index--
  return index < 0
}

/** CAST: the bytes are UTF-8 and go in as they are, without becoming a JS string. */
function prepare(db: Connection) {
  return {
    find: db.prepare<[{ json: Buffer; h: Buffer }], { id: number; isSame: number }>(
      `SELECT id, CAST(@json AS TEXT) = CASE WHEN json = '' THEN (SELECT json FROM message WHERE id = msg.id) ELSE json END AS isSame
        FROM z_msg msg WHERE ${hasHash('h', '@h')}`,
    ),
    insert: db.prepare<[Buffer, number, Buffer]>(
      'INSERT INTO z_msg_row (h, form, text) VALUES (?, ?, CAST(? AS TEXT)) ON CONFLICT DO NOTHING',
    ),
    insertFirst: db.prepare<[number, number]>('INSERT INTO z_msg_first (msg, req) VALUES (?, ?)'),
    insertForm: db.prepare<[number, number]>('INSERT INTO z_msg_form (msg, text) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    insertPiece: db.prepare<[number, number, Buffer, number | null, number, number]>(
      'INSERT INTO z_msg_piece (msg, seq, own, text, start, size) VALUES (?, ?, CAST(? AS TEXT), ?, ?, ?)',
    ),
  }
}
