import type { TimeRange } from '../folder/partition-files.ts'
import { type Connection, explainingErrors, type SqliteEngine } from '../sqlite/open.ts'
import { BodyReader } from './body-reader.ts'

/** A partition, and when its requests count; without times all do. */
export interface PartOfUnion {
  path: string
  times: TimeRange | undefined
}

/** What a statement gives. A whole number beyond 2^53, and one that is infinite, is a text. */
export interface QueryResult {
  columns: string[]
  rows: Iterable<unknown[]>
}

/** The text is no statement, several of them, or one that does more than read. */
export class NotOneReading extends Error {
  override readonly name = 'NotOneReading'
}

/** SQLite attaches ten databases to the first one. */
const MAX_CONNECTED = 11
const REQUEST_VIEWS = ['requests', 'request_details']
/** One row each for what several partitions know; of a log, how far it was read furthest. */
const SHARED_TABLES: Record<string, string> = {
  servers: 'SELECT server_id, hostname, env, min(first_seen_ts) AS first_seen_ts FROM all_of_them GROUP BY server_id',
  ingest_sources: `
    SELECT source_path, sha256, max(bytes_ingested) AS bytes_ingested, mtime, last_scan_ts
    FROM all_of_them GROUP BY source_path`,
}
const BODIES = ['request_json', 'response_json']
const COUNT_ALL = /count\s*\(\s*\*\s*\)/g

/**
 * Partitions as one database that can only be read: `requests`, `request_details`, `servers` and `ingest_sources` hold the
 * rows of all. A single whole partition is opened as it is. If there are more than SQLite can attach, what the
 * statement names of the requests is copied into a temporary table first; a body is read only where it asks for one.
 */
export class Union {
  readonly #db: Connection
  #bodies: BodyReader | undefined

  /** `parts`: at least one. `sql`: the statement that is to be run. @throws UserError */
  constructor(engine: SqliteEngine, parts: readonly [PartOfUnion, ...PartOfUnion[]], sql: string) {
    const [first] = parts
    this.#db = explainingErrors(first.path, () => engine.openReadonly(first.path))
    try {
      if (parts.length > MAX_CONNECTED) this.#copy(engine, parts, sql)
      else if (parts.length > 1 || first.times) this.#connect(parts)
      this.#db.pragma('query_only = ON')
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** @throws NotOneReading, SqliteError */
  run(sql: string): QueryResult {
    const statement = this.#prepare(sql)
    if (!statement.reader || !statement.readonly) throw new NotOneReading('it does more than read')
    return {
      columns: statement.columns().map(({ name }) => name),
      rows: exactRows(statement.raw().safeIntegers().iterate()),
    }
  }

  #prepare(sql: string) {
    try {
      return this.#db.prepare<[], unknown[]>(sql)
    } catch (error) {
      throw error instanceof RangeError ? new NotOneReading(error.message) : error
    }
  }

  close(): void {
    this.#db.close()
    this.#bodies?.close()
  }

  #connect(parts: readonly PartOfUnion[]): void {
    const schemas = parts.map(({ path }, index) => (index === 0 ? 'main' : this.#attach(path, `part${index}`)))
    for (const view of REQUEST_VIEWS) {
      const selects = parts.map(({ times }, index) => `SELECT * FROM ${schemas[index]}.${view}${within(times)}`)
      this.#db.exec(`CREATE TEMP VIEW ${view} AS ${selects.join(' UNION ALL ')}`)
    }
    for (const table of Object.keys(SHARED_TABLES)) {
      this.#createSharedView(
        table,
        schemas.map((schema) => `${schema}.${table}`),
      )
    }
  }

  #copy(engine: SqliteEngine, parts: readonly PartOfUnion[], sql: string): void {
    const columns = namedIn(sql, this.#columnsOf('request_details')).filter((name) => !BODIES.includes(name))
    const selected = [...new Set(['request_id', 'ts', ...columns])]
    this.#createCopy('requests', 'request_details', `0 AS part, ${selected.join(', ')}`)
    for (const table of Object.keys(SHARED_TABLES)) this.#createCopy(table, table, '*')
    for (const [index, { path, times }] of parts.entries()) {
      const schema = index === 0 ? 'main' : this.#attach(path, 'part')
      const details = `${schema}.request_details${within(times)}`
      this.#db.exec(`INSERT INTO copied_requests SELECT ${index}, ${selected.join(', ')} FROM ${details}`)
      for (const table of Object.keys(SHARED_TABLES)) {
        this.#db.exec(`INSERT INTO copied_${table} SELECT * FROM ${schema}.${table}`)
      }
      if (index > 0) this.#db.exec('DETACH part')
    }
    this.#db.exec('CREATE INDEX temp.copied_by_ts ON copied_requests (ts)')
    this.#createViewsOfCopies(new Set(selected))
    const paths = parts.map(({ path }) => path)
    const bodies = new BodyReader(engine, paths)
    this.#bodies = bodies
    this.#db.function('body_of', (part, id, name) => bodies.read(Number(part), String(id), String(name)))
  }

  #createCopy(name: string, view: string, columns: string): void {
    this.#db.exec(`CREATE TEMP TABLE copied_${name} AS SELECT ${columns} FROM main.${view} WHERE 0`)
  }

  /** A column that the statement does not name can be anything. */
  #createViewsOfCopies(copied: ReadonlySet<string>): void {
    for (const view of REQUEST_VIEWS) {
      const columns = this.#columnsOf(view).map((name) => {
        if (BODIES.includes(name)) return `body_of(part, request_id, '${name}') AS ${name}`
        return copied.has(name) ? name : `NULL AS ${name}`
      })
      this.#db.exec(`CREATE TEMP VIEW ${view} AS SELECT ${columns.join(', ')} FROM copied_requests`)
    }
    for (const table of Object.keys(SHARED_TABLES)) this.#createSharedView(table, [`copied_${table}`])
  }

  #createSharedView(table: string, sources: string[]): void {
    const all = sources.map((source) => `SELECT * FROM ${source}`).join(' UNION ALL ')
    const select = `WITH all_of_them AS (${all}) ${SHARED_TABLES[table]}`
    this.#db.exec(`CREATE TEMP VIEW ${table} AS ${select}`)
  }

  #attach(path: string, schema: string): string {
    explainingErrors(path, () => this.#db.prepare(`ATTACH ? AS ${schema}`).run(path))
    return schema
  }

  #columnsOf(view: string): string[] {
    return this.#db
      .prepare(`SELECT * FROM main.${view}`)
      .columns()
      .map(({ name }) => name)
  }
}

function* exactRows(rows: Iterable<unknown[]>): Generator<unknown[]> {
  for (const row of rows) yield row.map(exact)
}

function exact(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

const within = (times: PartOfUnion['times']) => (times ? ` WHERE ts BETWEEN ${times.sinceS} AND ${times.toS}` : '')

/** All of them where the statement may mean columns that it does not name. */
function namedIn(sql: string, columns: string[]): string[] {
  const text = sql.toLowerCase().replace(COUNT_ALL, '')
  return /\*|\bnatural\b/.test(text) ? columns : columns.filter((name) => text.includes(name))
}
