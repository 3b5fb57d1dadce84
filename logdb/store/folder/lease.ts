import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { hasErrorCode, UserError } from '../../../kit/user-error.ts'
import { type Connection, EXIT_IN_USE, explainingErrors, type SqliteEngine } from '../sqlite/open.ts'

export const DATABASE_IN_USE = 'DATABASE_IN_USE'
const FILE = '.lock'
const RETRY_MS = 100

export interface LeaseOptions {
  /** How long to wait for whoever else is writing; 0 if absent. */
  waitMs?: number | undefined
  /** Ends the waiting. */
  signal?: AbortSignal | undefined
}

/**
 * Runs what writes to a log database, which only one process may do at a time; readers need no lease. The kernel frees it
 * when its process ends, however that happens. `base`: folder of the log database.
 * @throws UserError DATABASE_IN_USE
 */
export async function withLease<T>(
  engine: SqliteEngine,
  base: string,
  options: LeaseOptions,
  work: () => T | Promise<T>,
): Promise<T> {
  const path = join(base, FILE)
  const lock = explainingErrors(path, () => {
    mkdirSync(base, { recursive: true })
    return engine.openAsIs(path)
  })
  try {
    await acquire(lock, base, options)
    return await work()
  } finally {
    lock.close()
  }
}

/** A change of the log database in the folder `out`. */
export interface ChangeOptions {
  out: string
  /** Change nothing, only count. */
  isDryRun: boolean
  /** How long to wait for whoever else is writing to the database; 0 if absent. */
  waitMs?: number | undefined
}

/** Runs a change with the lease, which a dry run does not need. @throws UserError DATABASE_IN_USE */
export async function withLeaseToChange<T>(
  engine: SqliteEngine,
  options: ChangeOptions,
  work: () => T | Promise<T>,
): Promise<T> {
  return options.isDryRun ? work() : withLease(engine, options.out, options, work)
}

async function acquire(lock: Connection, base: string, { waitMs = 0, signal }: LeaseOptions): Promise<void> {
  const endMs = performance.now() + waitMs
  while (!explainingErrors(lock.name, () => tryLock(lock))) {
    if (signal?.aborted || performance.now() >= endMs) throw inUse(base)
    await setTimeout(RETRY_MS, undefined, { signal }).catch(() => {})
  }
}

/** In rollback mode, which an empty database is in, an exclusive transaction locks readers out too. */
function tryLock(lock: Connection): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if (hasErrorCode(error, 'SQLITE_BUSY')) return false
    throw error
  }
}

function inUse(base: string): UserError {
  return new UserError(DATABASE_IN_USE, `another logdb is writing to ${base}`, {
    hint: 'run the command again when it is done, or with --wait to wait for it',
    exitCode: EXIT_IN_USE,
  })
}
