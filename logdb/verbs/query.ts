import { errorMessage } from '../../kit/user-error.ts'
import { type DayRange, timesWithin } from '../days.ts'
import { logdbError } from '../error-table.ts'
import { findPartitions } from '../store/folder/partition-files.ts'
import { isPartition } from '../store/partition/open-partition.ts'
import { loadSqlite } from '../store/sqlite/open.ts'
import { NotOneReading, type QueryResult, Union } from '../store/union/union.ts'

/**
 * A statement, and the partitions that it sees.
 * @example
 * const options: QueryOptions = { out: 'logs/db', since: '2025-09-01', sql: 'SELECT count(*) FROM requests' }
 */
export interface QueryOptions extends DayRange {
  /** Folder of the log database. */
  out: string
  /** One statement that only reads. */
  sql: string
}

/**
 * Runs a statement over the partitions of a range as if they were one.
 * @param use gets the result, whose rows can be read until it returns
 * @returns the paths of databases that were skipped because this logdb did not make them
 * @throws UserError PARTITIONS_MISSING, QUERY_INVALID and others
 * @example
 * const sql = 'SELECT model_original, count(*) FROM requests GROUP BY 1'
 * await query({ out: 'logs/db', sql }, ({ rows }) => {
 *   for (const [model, count] of rows) console.log(model, count)
 * })
 */
export async function query(options: QueryOptions, use: (result: QueryResult) => void): Promise<string[]> {
  const { out, sql, ...range } = options
  const engine = await loadSqlite()
  const files = findPartitions(out, range).reverse()
  const own = files.filter(({ path }) => isPartition(engine, path))
  const [first, ...others] = own.map((file) => ({ path: file.path, times: timesWithin(file, range) }))
  if (!first) throw partitionsMissing(out, files.length > 0)
  const union = new Union(engine, out, [first, ...others], sql)
  try {
    use(union.run(sql))
  } catch (error) {
    throw isMistake(error) ? queryInvalid(error) : error
  } finally {
    union.close()
  }
  return files.filter((file) => !own.includes(file)).map(({ path }) => path)
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

function partitionsMissing(out: string, hasForeign: boolean) {
  const message = `${out} holds no partition of these days`
  if (hasForeign)
    return logdbError('PARTITIONS_MISSING', `${message} that was made by this logdb`, 'run: logdb convert')
  const hint = 'run: logdb ingest, or name the folder of the log database with --out'
  return logdbError('PARTITIONS_MISSING', message, hint)
}
