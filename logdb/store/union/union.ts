import { devNull } from 'node:os'
import type { TimeRange } from '../../days.ts'
import { supplyEarlierNames, supplyMissing } from '../partition/schema/older-versions.ts'
import { ADDED_COLUMNS } from '../partition/schema/partition-views.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { INNER_TABLES, INNER_VIEWS } from '../tables/inner-names.ts'
import { BodyReader } from './body-reader.ts'

/** A partition and the times of its requests that are included; without times all are. */
export interface PartOfUnion {
  path: string
  times: TimeRange | undefined
}

/**
 * What a statement gives.
 * @example
 * const print = ({ columns, rows }: QueryResult) => console.table([columns, ...rows])
 */
export interface QueryResult {
  /** Names, which may repeat. */
  columns: string[]
  /**
   * Values in the order of the columns: texts, numbers, null, or a Buffer for a BLOB. Whole numbers beyond 2^53, and
   * infinite ones, are texts.
   */
  rows: Iterable<unknown[]>
}

/** The text is not exactly one statement, or the statement does more than read. */
export class NotOneReading extends Error {
  override readonly name = 'NotOneReading'
}

/** An empty database, to which SQLite attaches ten others: `main.requests` is then an error instead of one of them. */
const NO_DATABASE = devNull
const MAX_CONNECTED = 10
/** Each of them has its own cache. */
const ATTACHED_CACHE_KIB = 2048
const REQUEST_VIEWS = ['requests', 'request_details']
/** What a partition has in addition cannot be put together: its ids are numbers that other partitions use too. */
const OTHER_NAMES = "SELECT name FROM %.sqlite_master WHERE type IN ('table', 'view')"
/** Of one file each, which SQLite has without a name of its own in it. */
const OWN_OF_FILE = /\b(?:sqlite_(?:master|schema|dbpage)|dbstat)\b/i
const TEXTS_AND_COMMENTS = /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\//g
const WRITES = /^\s*(?:alter|create|delete|drop|insert|replace|update)\b/i
/** One row each, although several partitions may have one; for a log, how far it was read furthest. */
const SHARED_TABLES: Record<string, string> = {
  servers: 'SELECT server_id, hostname, env, min(first_seen_ts) AS first_seen_ts FROM all_of_them GROUP BY server_id',
  ingest_sources: `
    SELECT source_path, sha256, max(bytes_ingested) AS bytes_ingested, mtime, last_scan_ts
    FROM all_of_them GROUP BY source_path`,
}
const MORE_THAN_READ = 'it does more than read'
const ONE_PARTITION_ONLY = 'it exists only within one partition'
const BODIES = ['request_json', 'response_json']
const COUNT_ALL = /count\s*\(\s*\*\s*\)/g

/**
 * Partitions as one database that can only be read: `requests`, `request_details`, `servers` and `ingest_sources` hold the
 * rows of all, and every other name is an error. A single whole partition is opened as it is. If there are more than SQLite can attach, the columns that the
 * statement names are first copied into a temporary table; a body is read only if the statement needs it.
 */
export class Union {
  readonly #db: Connection
  #bodies: BodyReader | undefined

  /**
   * @param base folder of the log database, for messages
   * @param sql the statement that will be run
   * @throws UserError
   */
  constructor(engine: SqliteEngine, base: string, parts: readonly [PartOfUnion, ...PartOfUnion[]], sql: string) {
    const [first] = parts
    const isOne = parts.length === 1 && !first.times
    this.#db = engine.openReadonly(isOne ? first.path : NO_DATABASE, base)
    try {
      const [own] = (!isOne && OWN_OF_FILE.exec(sql.replace(TEXTS_AND_COMMENTS, ' '))) || []
      if (own !== undefined) throw new NotOneReading(`${own}: ${ONE_PARTITION_ONLY}`)
      if (parts.length > MAX_CONNECTED) this.#copy(engine, parts, sql)
      else if (!isOne) this.#connect(parts)
      else supplyNames(this.#db)
      this.#db.pragma('query_only = ON')
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** @throws NotOneReading, SqliteError */
  run(sql: string): QueryResult {
    const { isQuery, columns, rows } = this.#prepare(sql)
    if (!isQuery) throw new NotOneReading(MORE_THAN_READ)
    return { columns, rows: exactRows(rows()) }
  }

  #prepare(sql: string) {
    try {
      return this.#db.prepareTyped(sql)
    } catch (error) {
      if (error instanceof RangeError) throw new NotOneReading(error.message)
      throw WRITES.test(sql) ? new NotOneReading(MORE_THAN_READ) : error
    }
  }

  close(): void {
    this.#db.close()
    this.#bodies?.close()
  }

  #connect(parts: readonly PartOfUnion[]): void {
    const schemas = parts.map(({ path }, index) => this.#attach(path, `part${index}`))
    this.#hideOthers(schemas)
    for (const view of REQUEST_VIEWS) {
      const columns = this.#newestColumnsOf(view, schemas[0] ?? '')
      const selects = schemas.map((schema, index) => this.#select(view, schema, columns) + within(parts[index]?.times))
      this.#db.exec(`CREATE TEMP VIEW ${view} AS ${selects.join(' UNION ALL ')}`)
    }
    for (const table of Object.keys(SHARED_TABLES)) {
      this.#createSharedView(
        table,
        schemas.map((schema) => `${schema}.${table}`),
      )
    }
  }

  /**
   * SQLite would take a name that is not in `temp` for that of the first partition that has it. A text index comes before its
   * tables, whose names SQLite reserves for it.
   */
  #hideOthers(schemas: readonly string[]): void {
    const names = schemas.flatMap((schema) => {
      return this.#db.prepareValue<[], string>(OTHER_NAMES.replace('%', schema)).all()
    })
    const known = [...REQUEST_VIEWS, ...Object.keys(SHARED_TABLES)]
    // A text index comes before its inner tables, whose names SQLite reserves as long as it sees the index.
    for (const name of [...new Set([...names, ...INNER_TABLES, ...INNER_VIEWS])].sort()) {
      if (known.includes(name) || name.startsWith('sqlite_')) continue
      this.#db.exec(`CREATE TEMP VIEW ${name} AS SELECT * FROM temp."${name}: ${ONE_PARTITION_ONLY}"`)
    }
  }

  #copy(engine: SqliteEngine, parts: readonly PartOfUnion[], sql: string): void {
    const [{ path: firstPath = '' } = {}] = parts
    this.#attach(firstPath, 'part')
    const columnsOfViews = new Map(REQUEST_VIEWS.map((view) => [view, this.#newestColumnsOf(view, 'part')]))
    const columns = namedIn(sql, columnsOfViews.get('request_details') ?? []).filter((name) => !BODIES.includes(name))
    const selected = [...new Set(['request_id', 'ts', ...columns])]
    const selectIn = (schema: string, part: number) =>
      this.#select('request_details', schema, selected, `${part} AS part, `)
    this.#createCopy('requests', selectIn('part', 0))
    for (const table of Object.keys(SHARED_TABLES)) this.#createCopy(table, `SELECT * FROM part.${table}`)
    for (const [index, { path, times }] of parts.entries()) {
      const schema = 'part'
      if (index > 0) this.#attach(path, schema)
      this.#db.exec(`INSERT INTO copied_requests ${selectIn(schema, index)}${within(times)}`)
      for (const table of Object.keys(SHARED_TABLES)) {
        this.#db.exec(`INSERT INTO copied_${table} SELECT * FROM ${schema}.${table}`)
      }
      this.#db.exec('DETACH part')
    }
    this.#db.exec('CREATE INDEX temp.copied_by_ts ON copied_requests (ts)')
    this.#createViewsOfCopies(new Set(selected), columnsOfViews)
    const paths = parts.map(({ path }) => path)
    const bodies = new BodyReader(engine, paths)
    this.#bodies = bodies
    this.#db.defineFunction('body_of', (part: unknown, id: unknown, name: unknown) => {
      return bodies.read(Number(part), String(id), String(name))
    })
  }

  #createCopy(name: string, select: string): void {
    this.#db.exec(`CREATE TEMP TABLE copied_${name} AS ${select} WHERE 0`)
  }

  /** The value of a column that the statement does not name does not matter. */
  #createViewsOfCopies(copied: ReadonlySet<string>, columnsOfViews: ReadonlyMap<string, string[]>): void {
    for (const [view, names] of columnsOfViews) {
      const columns = names.map((name) => {
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
    this.#db.prepare<[string]>(`ATTACH ? AS ${schema}`).run(path)
    this.#db.pragma(`${schema}.cache_size = -${ATTACHED_CACHE_KIB}`)
    return schema
  }

  /** A partition of an earlier version gives null for the columns that it lacks. */
  #select(view: string, schema: string, columns: readonly string[], before = ''): string {
    const own = this.#columnsOf(view, schema)
    const values = columns.map((name) => (own.includes(name) ? name : `NULL AS ${name}`))
    return `SELECT ${before}${values.join(', ')} FROM ${schema}.${view}`
  }

  /** Those of the view in the newest version. */
  #newestColumnsOf(view: string, schema: string): string[] {
    const own = this.#columnsOf(view, schema)
    return view === 'request_details' ? [...new Set([...own, ...ADDED_COLUMNS])] : own
  }

  #columnsOf(view: string, schema: string): string[] {
    return this.#db.prepareTyped(`SELECT * FROM ${schema}.${view}`).columns
  }
}

function supplyNames(db: Connection): void {
  supplyMissing(db)
  supplyEarlierNames(db)
}

function* exactRows(rows: Iterable<unknown[]>): Generator<unknown[]> {
  for (const row of rows) yield row.map(exact)
}

function exact(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

function within(times: PartOfUnion['times']): string {
  return times ? ` WHERE ts BETWEEN ${times.sinceS} AND ${times.toS}` : ''
}

/** The columns that a statement names; all of them if it may use columns without naming them. */
function namedIn(sql: string, columns: string[]): string[] {
  const text = sql.toLowerCase().replace(COUNT_ALL, '')
  return /\*|\bnatural\b/.test(text) ? columns : columns.filter((name) => text.includes(name))
}
