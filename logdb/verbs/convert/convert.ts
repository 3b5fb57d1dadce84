import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { UserError } from '../../../kit/user-error.ts'
import { logdbError } from '../../error-table.ts'
import type { LogdbSettings } from '../../settings.ts'
import { controlPath } from '../../store/control/open-control.ts'
import { readRetention } from '../../store/control/retention.ts'
import { moveDurably } from '../../store/folder/durable.ts'
import { type ChangeOptions, withLeaseToChange } from '../../store/folder/lease.ts'
import {
  CONVERTED,
  CONVERTING,
  findOldDatabases,
  IS_CONVERTED,
  IS_CONVERTING,
} from '../../store/predecessor/old-databases.ts'
import { foldWal, isOfPredecessor, PredecessorDatabase } from '../../store/predecessor/predecessor-database.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { moveRows, type RowMoverOptions } from './row-mover.ts'

export interface ConvertOptions extends ChangeOptions {
  settings: LogdbSettings
}

export interface ConvertedDatabase {
  path: string
  rows: number
  /** How many of them were not there yet. */
  inserted: number
  /** Where the old file is now; where it still is, in a dry run. */
  keptAs: string
}

/**
 * Takes over the rows of the predecessor's databases below the folder into partitions, and proves for each row that it
 * reads the same there. The old files stay next to them under another name. Safe to kill: the next run continues.
 * @throws UserError
 */
export async function convert(options: ConvertOptions): Promise<ConvertedDatabase[]> {
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, () => {
    const found = findOldDatabases(engine, options.out).filter((path) => !IS_CONVERTED.test(path))
    const counts = found.map((path) => countRows(engine, path))
    const unchanged = found.map((path, index) => ({ path, rows: counts[index] ?? 0, inserted: 0, keptAs: path }))
    if (options.isDryRun) return unchanged
    setControlAside(engine, options.out)
    const retention = readRetention(engine, options.out)
    const converting = found.map((path) => setAside(engine, path))
    return convertAll(engine, converting, { ...options, retention })
  })
}

/** One that cannot be converted does not stop the others, and is not changed. @throws UserError of the first of them */
function convertAll(engine: SqliteEngine, paths: string[], options: RowMoverOptions): ConvertedDatabase[] {
  const errors: UserError[] = []
  const converted = paths.flatMap((path) => {
    try {
      return [convertOne(engine, path, options)]
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      errors.push(error)
      return []
    }
  })
  const [first] = errors
  if (first) throw first
  return converted
}

/** What it says about logs is not used: the first ingest reads them again and recognises their rows. */
function setControlAside(engine: SqliteEngine, base: string): void {
  const path = controlPath(base)
  if (!existsSync(path) || !isOfPredecessor(engine, path)) return
  foldWal(engine, path)
  moveDurably(path, freeName(path + CONVERTED))
}

/** @throws UserError CONVERSION_IMPOSSIBLE if it holds a row that cannot become one of ours */
function countRows(engine: SqliteEngine, path: string): number {
  using old = new PredecessorDatabase(engine, path)
  const row = old.firstImpossible()
  if (row !== undefined) throw impossible(path, row)
  return old.count()
}

/** Rows may go to the path of this old database, or of another one, so all of them must be moved first. */
function setAside(engine: SqliteEngine, path: string): string {
  if (IS_CONVERTING.test(path)) return path
  foldWal(engine, path)
  const converting = freeName(path + CONVERTING)
  moveDurably(path, converting)
  return converting
}

function convertOne(engine: SqliteEngine, converting: string, options: RowMoverOptions): ConvertedDatabase {
  const path = converting.replace(IS_CONVERTING, '')
  const { rows, inserted, differing } = takeOver(engine, converting, options)
  if (differing !== undefined) throw conflict(converting, differing)
  const keptAs = freeName(path + CONVERTED)
  moveDurably(converting, keptAs)
  return { path, rows, inserted, keptAs }
}

function takeOver(engine: SqliteEngine, path: string, options: RowMoverOptions) {
  using old = new PredecessorDatabase(engine, path)
  return { rows: old.count(), ...moveRows(engine, old, options) }
}

function impossible(path: string, row: number) {
  const message = `${path} holds a row without an id or an endpoint, or with a number that is out of range: rowid ${row}`
  const hint = 'correct or delete it with sqlite3 and run the command again; nothing was changed'
  return logdbError('CONVERSION_IMPOSSIBLE', message, hint)
}

function conflict(path: string, requestId: string) {
  const hint = `compare both with sqlite3; nothing is lost: the old rows stay in ${basename(path)}`
  return logdbError(
    'CONVERSION_CONFLICT',
    `request ${requestId} of ${path} is already stored with another content`,
    hint,
  )
}

/** The name, or if it is taken the same with a number. */
function freeName(path: string): string {
  let name = path
  for (let number = 2; existsSync(name); number++) name = `${path}.${number}`
  return name
}
