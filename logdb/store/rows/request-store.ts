import type { Connection } from '../sqlite/engine.ts'
import { type Frame, frameOf } from '../tables/body-frame.ts'
import { Dictionary } from '../tables/dictionary.ts'
import { DECODED_COLUMNS, ENCODED, KIND_COLUMNS } from '../tables/request-columns.ts'
import { FIELD_COLUMNS, type NewRow } from './row-group.ts'

/** Where what was said in a request is stored. */
export interface Said {
  /** Last node of its conversation. */
  tip: number | null
  /** Message of the answer. */
  answer: number | null
}

/** Stores requests, and what many of them share once. To be used inside a transaction. */
export class RequestStore {
  readonly #db: Connection
  readonly #dictionary: Dictionary
  readonly #serverId: string
  readonly #sql
  #lastHead = { text: '', frame: frameOf('') }

  constructor(db: Connection, serverId: string) {
    this.#dictionary = new Dictionary(db)
    this.#serverId = serverId
    this.#db = db
    this.#sql = prepare(db)
  }

  /** To be called when a transaction has begun. */
  begin(): void {
    this.#dictionary.begin()
  }

  insert(id: number, row: NewRow, bytes: Buffer, said: Said, source: number | null): void {
    const { fields } = row
    const kind = this.#dictionary.kind([this.#serverId, ...KIND_FIELDS.map((index) => fields[index] ?? null)])
    const own = OWN_FIELDS.map((index) => fields[index])
    const { tip, answer } = said
    const values = [
      kind,
      ...this.#bodies(row, bytes),
      id,
      row.requestId,
      tip,
      answer,
      row.searchable,
      source,
      row.offset,
      row.length,
      ...own,
    ]
    const { changes } = this.#sql.insert.run(values)
    if (changes === 0) this.#db.prepare<[unknown[]]>(INSERT_OR_THROW).run(values)
  }

  /** Gives a request whose bodies were removed what was said in it. */
  restore(id: number, row: NewRow, bytes: Buffer, { tip, answer }: Said): void {
    this.#sql.restore.run([...this.#bodies(row, bytes), tip, answer, row.searchable, id])
  }

  /** Most answers begin like the one before. */
  #frameOfHead(text: string): Frame {
    if (text !== this.#lastHead.text) this.#lastHead = { text, frame: frameOf(text) }
    return this.#lastHead.frame
  }

  /** Values of `BODY_COLUMNS`. */
  #bodies({ bodies }: NewRow, bytes: Buffer): unknown[] {
    const [head, tail, answerHead, answerTail] = bodies.map(({ start, end }) => bytes.toString('utf8', start, end))
    const [before, after] = [this.#frameOfHead(answerHead ?? ''), frameOf(answerTail ?? '')]
    const sent = this.#dictionary.frame(head ?? '', tail ?? '')
    return [sent, this.#dictionary.frame(before.text, after.text), before.values, after.values]
  }
}

const [, ...KIND_FIELD_COLUMNS] = KIND_COLUMNS
const KIND_FIELDS = KIND_FIELD_COLUMNS.map((name) => FIELD_COLUMNS.indexOf(name))
const OWN_FIELD_COLUMNS = FIELD_COLUMNS.filter((name) => !KIND_COLUMNS.includes(name))
const OWN_FIELDS = OWN_FIELD_COLUMNS.map((name) => FIELD_COLUMNS.indexOf(name))
const BODY_COLUMNS = ['sent', 'answered', 'head_values', 'tail_values']

/** In the order in which `insert` gives the values. */
const GIVEN = ['id', 'request_id', 'tip', 'resp_msg', 'texts', 'src', 'src_off', 'src_len', ...OWN_FIELD_COLUMNS]
/** CAST: a JS number arrives as a REAL. */
const NOT_GIVEN = DECODED_COLUMNS.filter((name) => !GIVEN.includes(name)).map((name) => `NULL AS ${name}`)
/**
 * Because of the trigger on new rows, SQLite copies every page that an INSERT changes, to undo half of it after an error. With
 * OR IGNORE a row that is refused changes nothing, so it copies none, and the thread that writes takes a quarter less time.
 */
const INSERT = `
  INSERT OR IGNORE INTO z_req_row (kind, ${BODY_COLUMNS.join(', ')}, ${Object.keys(ENCODED).join(', ')})
  SELECT ?, ?, ?, ?, ?, ${Object.values(ENCODED).join(', ')}
  FROM (SELECT ${[...GIVEN.map(givenSql), ...NOT_GIVEN].join(', ')})`

/** The same, for the error of a row that is refused. */
const INSERT_OR_THROW = INSERT.replace('OR IGNORE ', '')

function givenSql(name: string): string {
  return name === 'ts' || name === 'ts_us' ? `CAST(? AS INTEGER) AS ${name}` : `? AS ${name}`
}

function prepare(db: Connection) {
  return {
    insert: db.prepare<[unknown[]]>(INSERT),
    restore: db.prepare<[unknown[]]>(
      `UPDATE z_req_row SET ${BODY_COLUMNS.map((name) => `${name} = ?`).join(', ')}, tip = ?, resp_msg = ?, texts = ? WHERE id = ?`,
    ),
  }
}
