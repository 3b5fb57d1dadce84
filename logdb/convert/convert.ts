import { existsSync, readdirSync, renameSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { hasErrorCode, UserError } from '../../kit/user-error.ts'
import { syncPath } from '../durable.ts'
import type { LogdbSettings } from '../settings.ts'
import { controlPath } from '../store/control.ts'
import { type ChangeOptions, withLeaseToChange } from '../store/lease.ts'
import { foldWal, isOfPredecessor, PredecessorDatabase } from '../store/predecessor.ts'
import { EXIT_REFUSED, loadSqlite, type SqliteEngine } from '../store/sqlite.ts'
import { RowMover } from './row-mover.ts'

const DATABASE = /\.sqlite3(\.converting)?$/
/** What a database is called while its rows are taken over, and afterwards. */
const CONVERTING = '.converting'
const CONVERTED = '.predecessor'

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
 * Takes the rows of the predecessor's databases below the folder over into partitions, and proves for each that it reads
 * the same there. The old files stay beside them under another name. Safe to kill: the next run goes on.
 * @throws UserError
 */
export async function convert(options: ConvertOptions): Promise<ConvertedDatabase[]> {
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, () => {
    const found = findDatabases(engine, options.out)
    if (options.isDryRun) return found.map((path) => counted(engine, path))
    setControlAside(engine, options.out)
    return found.map((path) => convertOne(engine, path, options))
  })
}

/** Those of the predecessor: half converted ones first, the others by path, days before the months made of them. */
function findDatabases(engine: SqliteEngine, base: string): string[] {
  const found = listFiles(base)
    .filter((path) => DATABASE.test(path) && path !== controlPath(base) && isOfPredecessor(engine, path))
    .sort()
  const isHalf = (path: string) => path.endsWith(CONVERTING)
  return [...found.filter(isHalf), ...found.filter((path) => !isHalf(path))]
}

function listFiles(base: string): string[] {
  try {
    const entries = readdirSync(base, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return []
    throw error
  }
}

function counted(engine: SqliteEngine, path: string): ConvertedDatabase {
  const old = new PredecessorDatabase(engine, path)
  try {
    return { path, rows: old.count(), inserted: 0, keptAs: path }
  } finally {
    old.close()
  }
}

/** What it says about logs is of no use: the first ingest reads them once more, and finds their rows. */
function setControlAside(engine: SqliteEngine, base: string): void {
  const path = controlPath(base)
  if (!existsSync(path) || !isOfPredecessor(engine, path)) return
  foldWal(engine, path)
  renameDurably(path, freeName(path + CONVERTED))
}

/** The rows get the place of the file that they come from, so that one has to go first. */
function convertOne(engine: SqliteEngine, found: string, { out, settings }: ConvertOptions): ConvertedDatabase {
  const path = found.replace(CONVERTING, '')
  const converting = path + CONVERTING
  if (found !== converting) {
    foldWal(engine, found)
    renameDurably(found, converting)
  }
  const { rows, inserted, differing } = takeOver(engine, converting, out, settings)
  if (differing !== undefined) throw conflict(converting, differing)
  const keptAs = freeName(path + CONVERTED)
  renameDurably(converting, keptAs)
  return { path, rows, inserted, keptAs }
}

function takeOver(engine: SqliteEngine, path: string, out: string, settings: LogdbSettings) {
  const old = new PredecessorDatabase(engine, path)
  try {
    let inserted = 0
    for (const server of old.servers()) {
      const mover = new RowMover(engine, { out, settings, server })
      try {
        inserted += mover.move(old.rowsOf(server.serverId))
        const differing = mover.firstDiffering(old.rowsOf(server.serverId))
        if (differing !== undefined) return { rows: old.count(), inserted, differing }
      } finally {
        mover.close()
      }
    }
    return { rows: old.count(), inserted, differing: undefined }
  } finally {
    old.close()
  }
}

function conflict(path: string, requestId: string): UserError {
  return new UserError(
    'CONVERSION_CONFLICT',
    `request ${requestId} of ${path} is stored with another content already`,
    {
      hint: `compare both with sqlite3; nothing is lost: the old rows stay in ${basename(path)}`,
      exitCode: EXIT_REFUSED,
    },
  )
}

/** The name, or if it is taken the same with a number. */
function freeName(path: string): string {
  let name = path
  for (let number = 2; existsSync(name); number++) name = `${path}.${number}`
  return name
}

function renameDurably(from: string, to: string): void {
  renameSync(from, to)
  syncPath(dirname(to))
}
