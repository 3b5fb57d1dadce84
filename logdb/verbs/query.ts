import { EXIT_USAGE, errorMessage, UserError } from '../../kit/user-error.ts'
import type { DayRange } from '../store/control/control.ts'
import { findPartitions, timesWithin } from '../store/folder/partition-files.ts'
import { isPartition } from '../store/partition/open-partition.ts'
import { explainingErrors, loadSqlite } from '../store/sqlite/open.ts'
import { NotOneReading, type QueryResult, Union } from '../store/union/union.ts'

export interface QueryOptions extends DayRange {
  /** Folder of the log database. */
  out: string
  /** One statement that only reads. */
  sql: string
}

/**
 * Runs a statement over the partitions of a range as if they were one, and gives `use` what it returns. Returns the
 * paths of databases that were left out because they are not ours. @throws UserError PARTITIONS_MISSING, QUERY_INVALID
 */
export async function query(options: QueryOptions, use: (result: QueryResult) => void): Promise<string[]> {
  const { out, sql, ...range } = options
  const engine = await loadSqlite()
  const files = findPartitions(out, range).reverse()
  const own = files.filter(({ path }) => isPartition(engine, path))
  const [first, ...others] = own.map((file) => ({ path: file.path, times: timesWithin(file, range) }))
  if (!first) throw partitionsMissing(out, files.length > 0)
  const union = new Union(engine, [first, ...others], sql)
  try {
    explainingErrors(out, () => use(union.run(sql)))
  } catch (error) {
    throw isMistake(error) ? queryInvalid(error) : error
  } finally {
    union.close()
  }
  return files.filter((file) => !own.includes(file)).map(({ path }) => path)
}

/** SQLite's errors that are not of the file, and those of statements that are none or several. */
const isMistake = (error: unknown) =>
  error instanceof NotOneReading || (error instanceof Error && error.name === 'SqliteError')

function queryInvalid(error: unknown): UserError {
  return new UserError('QUERY_INVALID', `the query cannot be run: ${errorMessage(error)}`, {
    hint: 'give one SELECT over requests, request_details, servers or ingest_sources; to look into request_text_index too, choose one day with --since and --to',
    exitCode: EXIT_USAGE,
    cause: error,
  })
}

function partitionsMissing(out: string, hasForeign: boolean): UserError {
  const message = `${out} holds no partition of these days`
  const hint = 'run: logdb ingest, or name the folder of the log database with --out'
  if (!hasForeign) return new UserError('PARTITIONS_MISSING', message, { hint })
  return new UserError('PARTITIONS_MISSING', `${message} that was made by this logdb`, { hint: 'run: logdb convert' })
}
