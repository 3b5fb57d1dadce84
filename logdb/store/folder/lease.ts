import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { UserError } from '../../../kit/user-error.ts'
import { type LogdbErrorCode, logdbError } from '../../error-table.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { settleReplaced } from './replaced-partitions.ts'

const FILE = '.lock'
const BUSY: LogdbErrorCode = 'DATABASE_BUSY'
const RETRY_MS = 100

export interface LeaseOptions {
  /** How long to wait for another process that is writing; 0 if absent. */
  waitMs?: number | undefined
  /** Ends the waiting. */
  signal?: AbortSignal | undefined
}

/**
 * Runs `work`, which writes to a log database, as the only process that does so; readers need no lease. The kernel frees
 * the lease when its process ends, however that happens.
 * @param base folder of the log database
 * @throws UserError DATABASE_IN_USE
 */
export async function withLease<T>(
  engine: SqliteEngine,
  base: string,
  options: LeaseOptions,
  work: () => T | Promise<T>,
): Promise<T> {
  mkdirSync(base, { recursive: true })
  const lock = engine.openAsIs(join(base, FILE))
  try {
    await acquire(lock, base, options)
    settleReplaced(base)
    return await work()
  } finally {
    lock.close()
  }
}

/**
 * What every function that changes a log database takes.
 * @example
 * const change: ChangeOptions = { out: 'logs/db', isDryRun: false, waitMs: 30_000 }
 */
export interface ChangeOptions {
  /** Folder of the log database. */
  out: string
  /** Change nothing, only report what would change. */
  isDryRun: boolean
  /** How long to wait for another process that is writing to the database, in milliseconds; 0 if absent. */
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
  while (!tryLock(lock)) {
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
    if (error instanceof UserError && error.code === BUSY) return false
    throw error
  }
}

function inUse(base: string): UserError {
  const hint = 'run the command again when it is done, or with --wait to wait for it'
  return logdbError('DATABASE_IN_USE', `another logdb is writing to ${base}`, hint)
}
