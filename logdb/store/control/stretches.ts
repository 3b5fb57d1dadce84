import type { Connection } from '../sqlite/engine.ts'

/** A stretch of a source whose records were left out and can still be read, with the UTC days of its records. */
export interface Gap {
  start: number
  end: number
  firstDay: string
  lastDay: string
}

/** Adds a stretch that follows all others; one right after the last makes that one longer. */
export function addStretch(stretches: Gap[], stretch: Gap): void {
  const last = stretches.at(-1)
  if (last?.end !== stretch.start) {
    stretches.push({ ...stretch })
    return
  }
  last.end = stretch.end
  if (stretch.firstDay < last.firstDay) last.firstDay = stretch.firstDay
  if (stretch.lastDay > last.lastDay) last.lastDay = stretch.lastDay
}

/** Stretches of sources that are older than `retain` keeps. To be used on control.sqlite3 of the current version. */
export class RetainedStretches {
  readonly #sql

  constructor(db: Connection) {
    this.#sql = prepare(db)
  }

  add(sourceId: number, { start, end, firstDay, lastDay }: Gap): void {
    const { changes } = this.#sql.lengthen.run(end, firstDay, lastDay, sourceId, start)
    if (changes === 0) this.#sql.insert.run(sourceId, start, end, firstDay, lastDay)
  }
}

function prepare(db: Connection) {
  return {
    lengthen: db.prepare<[number, string, string, number, number]>(`
      UPDATE retained_stretches SET end_off = ?, first_day = min(first_day, ?), last_day = max(last_day, ?)
      WHERE source_id = ? AND end_off = ?`),
    insert: db.prepare<[number, number, number, string, string]>(
      'INSERT INTO retained_stretches (source_id, start_off, end_off, first_day, last_day) VALUES (?, ?, ?, ?, ?)',
    ),
  }
}

/** A record of a source, by the key that the source has in every partition. */
export interface RecordPlace {
  key: string
  offset: number
  length: number
  /** UTC day, YYYY-MM-DD. */
  day: string
}

/** How records that were ingested are booked from now on. */
interface Rebooking {
  /** Where their stretches are noted. */
  table: 'source_gaps' | 'retained_stretches'
  /** The count of bytes that has them then. */
  column: 'filtered_bytes' | 'ignored_bytes'
}

/** Books records as left out by `retain`; what is booked so already stays as it is. In a transaction. */
export function bookAsRetained(db: Connection, places: readonly RecordPlace[]): void {
  rebook(db, places, { table: 'retained_stretches', column: 'ignored_bytes' })
}

/** Lets the next ingest read records again that are stored without their bodies. In a transaction. */
export function bookAsGaps(db: Connection, places: readonly RecordPlace[]): void {
  rebook(db, places, { table: 'source_gaps', column: 'filtered_bytes' })
}

function rebook(db: Connection, places: readonly RecordPlace[], { table, column }: Rebooking): void {
  const source = db.prepareValue<[string, number], number>('SELECT id FROM sources WHERE source_key = ? AND offset > ?')
  const isNoted = db.prepareValue<[number, number, number], number>(
    `SELECT 1 FROM ${table} WHERE source_id = ? AND start_off <= ? AND end_off > ? LIMIT 1`,
  )
  const insert = db.prepare<[number, number, number, string, string]>(
    `INSERT INTO ${table} (source_id, start_off, end_off, first_day, last_day) VALUES (?, ?, ?, ?, ?)`,
  )
  const book = db.prepare<[number, number, number]>(
    `UPDATE sources SET ingested_bytes = ingested_bytes - ?, ${column} = ${column} + ? WHERE id = ?`,
  )
  for (const [key, ofSource] of byKey(places)) {
    const stretches: Gap[] = []
    for (const { offset, length, day } of ofSource) {
      const id = source.get(key, offset)
      if (id === undefined || isNoted.get(id, offset, offset)) continue
      addStretch(stretches, { start: offset, end: offset + length, firstDay: day, lastDay: day })
    }
    for (const { start, end, firstDay, lastDay } of stretches) {
      const id = source.get(key, start) as number
      insert.run(id, start, end, firstDay, lastDay)
      book.run(end - start, end - start, id)
    }
  }
}

/** In the order of their offsets. */
function byKey(places: readonly RecordPlace[]): Map<string, RecordPlace[]> {
  const found = new Map<string, RecordPlace[]>()
  for (const place of places.toSorted((a, b) => a.offset - b.offset)) {
    const others = found.get(place.key)
    if (others) others.push(place)
    else found.set(place.key, [place])
  }
  return found
}

/** Makes gaps of the stretches that hold records of a day or later, for the next ingest. In a transaction. */
export function releaseRetained(db: Connection, firstDay: string): void {
  const released = db
    .prepare<[string], Gap & { source: number }>(`
      DELETE FROM retained_stretches WHERE last_day >= ?
      RETURNING source_id AS source, start_off AS start, end_off AS end, first_day AS firstDay, last_day AS lastDay`)
    .all(firstDay)
  const insert = db.prepare<[number, number, number, string, string]>('INSERT INTO source_gaps VALUES (?, ?, ?, ?, ?)')
  const book = db.prepare<[number, number, number]>(
    'UPDATE sources SET ignored_bytes = ignored_bytes - ?, filtered_bytes = filtered_bytes + ? WHERE id = ?',
  )
  for (const { source, start, end, firstDay: first, lastDay } of released) {
    insert.run(source, start, end, first, lastDay)
    book.run(end - start, end - start, source)
  }
}

/** A log with bytes that were left for a later run. */
export interface LeftOut {
  path: string
  bytes: number
}

/** By path. To be used on control.sqlite3. */
export function logsLeftOut(db: Connection): LeftOut[] {
  return db.prepare<[], LeftOut>(LEFT_OUT).all()
}

const LEFT_OUT = `
  SELECT path, sum(bytes) AS bytes FROM (
    SELECT path, pending_bytes AS bytes FROM sources WHERE pending_bytes > 0
    UNION ALL SELECT path, end_off - start_off FROM source_gaps JOIN sources ON sources.id = source_id
  ) GROUP BY path ORDER BY path`

/**
 * What the next ingest reads after a reset, by path. To be used on control.sqlite3.
 * @param metadata the first day whose requests are kept then; undefined if that does not change
 * @param places records that are read again in any case
 */
export function logsToReadAgain(
  db: Connection,
  metadata: string | undefined,
  places: readonly RecordPlace[],
): LeftOut[] {
  const bytes = new Map<string, number>()
  const add = (path: string, more: number) => bytes.set(path, (bytes.get(path) ?? 0) + more)
  const pathOf = db.prepareValue<[string], string>('SELECT path FROM sources WHERE source_key = ?')
  for (const { key, length } of places) {
    const path = pathOf.get(key)
    if (path !== undefined) add(path, length)
  }
  if (metadata !== undefined) {
    const retained = hasPlaces(db) ? RETAINED_FROM : 'SELECT path, offset AS bytes FROM sources WHERE ? IS NOT NULL'
    for (const log of db.prepare<[string], LeftOut>(retained).all(metadata)) add(log.path, log.bytes)
  }
  return [...bytes].map(([path, sum]) => ({ path, bytes: sum }))
}

const RETAINED_FROM = `
  SELECT path, sum(end_off - start_off) AS bytes FROM retained_stretches JOIN sources ON sources.id = source_id
  WHERE last_day >= ? GROUP BY path ORDER BY path`

/** False if an earlier version left records out without noting where they are. */
function hasPlaces(db: Connection): boolean {
  const columns = db.prepareValue<[], string>("SELECT name FROM pragma_table_info('retention')").all()
  if (!columns.includes('has_places')) return false
  return db.prepare("SELECT 1 FROM retention WHERE kind = 'metadata' AND has_places = 0").get() === undefined
}
