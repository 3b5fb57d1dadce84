import { errorMessage } from '../../kit/user-error.ts'
import { type Period, timesWithin } from '../days.ts'
import { logdbError } from '../error-table.ts'
import { findPartitions, type PartitionFile } from '../store/folder/partition-files.ts'
import { isPartition, openPartition } from '../store/partition/open-partition.ts'
import { type DamagedPartition, damagedPartition, isDamage, unlessDamaged } from '../store/sqlite/damage.ts'
import type { SqliteEngine } from '../store/sqlite/engine.ts'
import { loadSqlite } from '../store/sqlite/open.ts'
import { NotOneReading, type PartOfUnion, type QueryResult, Union } from '../store/union/union.ts'

/**
 * A statement, and the partitions that it sees.
 * @example
 * const options: QueryOptions = { out: 'logs/db', since: '2025-09-01', sql: 'SELECT count(*) FROM requests' }
 */
export interface QueryOptions extends Period {
  /** Folder of the log database. */
  out: string
  /** One statement that only reads. */
  sql: string
}

/**
 * What a query left out.
 * @example
 * const report: QueryReport = await query({ out: 'logs/db', sql: 'SELECT count(*) FROM requests' }, () => {})
 */
export interface QueryReport {
  /** Paths of databases that this logdb did not make. */
  skipped: string[]
  /** Partitions that are damaged. */
  damaged: DamagedPartition[]
}

/**
 * Runs a statement over the partitions of a range as if they were one.
 * @param use gets the result, whose rows can be read until it returns, or until its promise is settled
 * @throws UserError PARTITIONS_MISSING, QUERY_INVALID and others
 * @example
 * const sql = 'SELECT model_original, count(*) FROM requests GROUP BY 1'
 * await query({ out: 'logs/db', sql }, ({ rows }) => {
 *   for (const [model, count] of rows) console.log(model, count)
 * })
 */
export async function query(
  options: QueryOptions,
  use: (result: QueryResult) => void | Promise<void>,
): Promise<QueryReport> {
  const { out, sql, ...range } = options
  const engine = await loadSqlite()
  const report: QueryReport = { skipped: [], damaged: [] }
  const own = ownPartitions(engine, findPartitions(out, range).reverse(), report)
  const parts = own.map((file) => ({ path: file.path, times: timesWithin(file, range) }))
  if (parts.length === 0) throw partitionsMissing(out, report)
  const union = openUnion(engine, out, parts, sql, report)
  try {
    await use(union.result)
  } catch (error) {
    throw isMistake(error) ? queryInvalid(error) : error
  } finally {
    union.close()
  }
  return report
}

function ownPartitions(engine: SqliteEngine, files: PartitionFile[], report: QueryReport): PartitionFile[] {
  return files.filter(({ path }) => {
    const isOwn = unlessDamaged(report.damaged, path, () => isPartition(engine, path))
    if (isOwn === false) report.skipped.push(path)
    return isOwn === true
  })
}

/** Opens partitions and finds the first row. If damage keeps it from that, those that are damaged are left out. */
function openUnion(
  engine: SqliteEngine,
  out: string,
  parts: PartOfUnion[],
  sql: string,
  report: QueryReport,
): { result: QueryResult; close(): void } {
  const [first, ...others] = parts
  if (!first) throw partitionsMissing(out, report)
  let union: Union | undefined
  try {
    union = new Union(engine, out, [first, ...others], sql)
    const opened = union
    return { result: begun(union.run(sql)), close: () => opened.close() }
  } catch (error) {
    union?.close()
    if (!isDamage(error)) throw isMistake(error) ? queryInvalid(error) : error
    const whole = parts.filter(({ path }) => isWhole(engine, path, report))
    if (whole.length === parts.length) throw error
    return openUnion(engine, out, whole, sql, report)
  }
}

/** The same result, whose first row has been found. */
function begun({ columns, rows }: QueryResult): QueryResult {
  const iterator = rows[Symbol.iterator]()
  const first = iterator.next()
  return { columns, rows: continued(first, iterator) }
}

function* continued(first: IteratorResult<unknown[]>, rest: Iterator<unknown[]>): Generator<unknown[]> {
  try {
    for (let next = first; !next.done; next = rest.next()) yield next.value
  } finally {
    rest.return?.()
  }
}

/** Reads all of a partition. */
function isWhole(engine: SqliteEngine, path: string, { damaged }: QueryReport): boolean {
  const found = unlessDamaged(damaged, path, () => {
    using db = openPartition(engine, path)
    const integrity = db?.pragma('quick_check(1)')
    if (integrity !== 'ok') throw damagedPartition(path, String(integrity))
    return true
  })
  return found === true
}

/** SQLite's errors that are not about the file, and those of texts that are not exactly one statement. */
function isMistake(error: unknown): boolean {
  return error instanceof NotOneReading || (error instanceof Error && error.name === 'SqliteError')
}

function queryInvalid(error: unknown) {
  const hint =
    'give one SELECT over requests, request_details, servers or ingest_sources; to read request_text_index too, choose one day with --since and --to'
  return logdbError('QUERY_INVALID', `the query cannot be run: ${errorMessage(error)}`, hint, error)
}

function partitionsMissing(out: string, { skipped, damaged }: QueryReport) {
  const message = `${out} holds no partition of these days`
  const [first] = damaged
  if (first) return damagedPartition(first.path, first.reason)
  if (skipped.length > 0)
    return logdbError('PARTITIONS_MISSING', `${message} that was made by this logdb`, 'run: logdb convert')
  const hint = 'run: logdb ingest, or name the folder of the log database with --out'
  return logdbError('PARTITIONS_MISSING', message, hint)
}
