import { hash } from 'node:crypto'
import type { Connection } from '../sqlite/engine.ts'
import { KIND_COLUMNS } from './request-columns.ts'
import { textHash } from './request-tables.ts'

/** So many values are found without a query. */
const REMEMBERED = 2000
/** Longer texts are remembered by their hash. */
const LONG_TEXT = 1000

/** Of a request. */
const BODIES = 2

interface LastFrame {
  head: string
  tail: string
  id: number
}

export type SharedValue = string | number | null

/** Stores what many requests share once, and gives its number. To be used inside a transaction. */
export class Dictionary {
  readonly #db: Connection
  readonly #frames = new Map<string, number>()
  readonly #kinds = new Map<string, number>()
  readonly #sql
  /** Those of the last request, which the next one mostly has too: to compare them takes a quarter of finding them. */
  readonly #lastFrames: LastFrame[] = []
  #lastKind: { values: readonly SharedValue[]; id: number } | undefined
  #dataVersion: unknown

  constructor(db: Connection) {
    this.#db = db
    this.#sql = prepare(db)
  }

  /** To be called when a transaction has begun: another process may have removed what is remembered. */
  begin(): void {
    const dataVersion = this.#db.pragma('data_version')
    if (dataVersion !== this.#dataVersion) this.#forget()
    this.#dataVersion = dataVersion
  }

  /** What stands around the messages of a body. */
  frame(head: string, tail: string): number {
    const last = this.#lastFrames.find((one) => one.tail === tail && one.head === head)
    if (last) return last.id
    const id = this.#findFrame(head, tail)
    if (this.#lastFrames.length === BODIES) this.#lastFrames.shift()
    this.#lastFrames.push({ head, tail, id })
    return id
  }

  #findFrame(head: string, tail: string): number {
    return remembered(this.#frames, `${head}\n${tail}`, (h) => {
      return this.#sql.findFrame.get(h, head, tail) ?? Number(this.#sql.insertFrame.run(h, head, tail).lastInsertRowid)
    })
  }

  /** @param values those of `KIND_COLUMNS` */
  kind(values: readonly SharedValue[]): number {
    const last = this.#lastKind
    if (last?.values.every((value, index) => value === values[index])) return last.id
    const id = this.#findKind(values)
    this.#lastKind = { values, id }
    return id
  }

  #findKind(values: readonly SharedValue[]): number {
    return remembered(this.#kinds, JSON.stringify(values), (h) => {
      return this.#sql.findKind.get([h, ...values]) ?? Number(this.#sql.insertKind.run([h, ...values]).lastInsertRowid)
    })
  }

  #forget(): void {
    this.#frames.clear()
    this.#kinds.clear()
    this.#lastFrames.length = 0
    this.#lastKind = undefined
  }
}

function remembered(known: Map<string, number>, text: string, find: (h: Buffer) => number): number {
  const key = text.length > LONG_TEXT ? hash('sha256', text) : text
  const found = known.get(key)
  if (found !== undefined) return found
  if (known.size === REMEMBERED) known.clear()
  const id = find(textHash(text))
  known.set(key, id)
  return id
}

function prepare(db: Connection) {
  const columns = KIND_COLUMNS.join(', ')
  const isSame = KIND_COLUMNS.map((name) => `${name} IS ?`).join(' AND ')
  return {
    findFrame: db.prepareValue<[Buffer, string, string], number>(
      'SELECT id FROM z_req_frame WHERE h = ? AND head = ? AND tail = ?',
    ),
    insertFrame: db.prepare<[Buffer, string, string]>('INSERT INTO z_req_frame (h, head, tail) VALUES (?, ?, ?)'),
    findKind: db.prepareValue<[unknown[]], number>(`SELECT id FROM z_req_kind WHERE h = ? AND ${isSame}`),
    insertKind: db.prepare<[unknown[]]>(
      `INSERT INTO z_req_kind (h, ${columns}) VALUES (?, ${KIND_COLUMNS.map(() => '?').join(', ')})`,
    ),
  }
}
