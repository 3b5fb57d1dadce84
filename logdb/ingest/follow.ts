import { statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { UserError } from '../../kit/user-error.ts'
import type { LogdbErrorCode } from '../error-table.ts'
import { findLogFiles } from '../sources/find.ts'
import { type IngestOptions, Passes } from './passes.ts'
import { emptyReport, type IngestReport } from './report.ts'

const IN_USE: LogdbErrorCode = 'DATABASE_IN_USE'
const PAUSE_MS = 1000
/** When nothing has come for this long, the database is closed, because a partition that is open cannot be sealed. */
const IDLE_MS = 5000

/**
 * Reads new records as soon as they are in the logs, until the signal comes; between the passes other processes may write
 * to the database. Returns one report of all passes.
 * @throws UserError
 */
export async function follow(options: IngestOptions & { signal: AbortSignal }): Promise<IngestReport> {
  const { from, signal } = options
  const startedMs = performance.now()
  const report = emptyReport()
  const passes = await Passes.create(options)
  let seen = ''
  let seenAtMs = startedMs
  try {
    while (!signal.aborted) {
      const found = stateOf(from)
      if (found !== seen && (await hasPassed(passes, report, seen !== ''))) {
        seen = found
        seenAtMs = performance.now()
      } else if (performance.now() - seenAtMs > IDLE_MS) passes.close()
      await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => {})
    }
  } finally {
    passes.close()
  }
  return { ...report, isInterrupted: false, elapsedMs: performance.now() - startedMs }
}

/** Changes when something is written to a log, and when a log is added, removed or renamed. */
function stateOf(folder: string): string {
  return findLogFiles(folder)
    .files.map(({ path }) => {
      const stats = statSync(path, { throwIfNoEntry: false })
      return [path, stats?.ino, stats?.size, stats?.mtimeMs].join(' ')
    })
    .join('\n')
}

/** False if another process is writing to the database, which after the first pass is a reason to try again later. */
async function hasPassed(passes: Passes, report: IngestReport, mayBeBusy: boolean): Promise<boolean> {
  report.filesScanned = 0
  report.unreadable = []
  report.bytesPending = 0
  try {
    await passes.run(report)
    return true
  } catch (error) {
    if (mayBeBusy && error instanceof UserError && error.code === IN_USE) return false
    throw error
  }
}
