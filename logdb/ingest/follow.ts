import { statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { UserError } from '../../kit/user-error.ts'
import { findLogFiles } from '../sources/find.ts'
import { DATABASE_IN_USE } from '../store/folder/lease.ts'
import { Ingester, type IngestOptions } from './passes.ts'
import { emptyReport, type IngestReport } from './report.ts'

const PAUSE_MS = 1000
/** When nothing has come for so long, the database is let go: a partition that is open cannot be sealed. */
const IDLE_MS = 5000

/**
 * Reads what is new as soon as it is in the logs, until the signal comes; between times others may write to the database.
 * Gives the report of all of it. @throws UserError
 */
export async function follow(options: IngestOptions & { signal: AbortSignal }): Promise<IngestReport> {
  const { from, signal } = options
  const startedMs = performance.now()
  const report = emptyReport()
  const ingester = await Ingester.create(options)
  let seen = ''
  let seenAtMs = startedMs
  try {
    while (!signal.aborted) {
      const found = stateOf(from)
      if (found !== seen && (await hasPassed(ingester, report, seen !== ''))) {
        seen = found
        seenAtMs = performance.now()
      } else if (performance.now() - seenAtMs > IDLE_MS) ingester.close()
      await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => {})
    }
  } finally {
    ingester.close()
  }
  return { ...report, isInterrupted: false, elapsedMs: performance.now() - startedMs }
}

/** Changes when something is written to a log, or a log comes, goes or moves. */
function stateOf(folder: string): string {
  return findLogFiles(folder)
    .files.map(({ path }) => {
      const stats = statSync(path, { throwIfNoEntry: false })
      return [path, stats?.ino, stats?.size, stats?.mtimeMs].join(' ')
    })
    .join('\n')
}

/** False if another process is writing to the database, which after the first pass is a reason to try again later. */
async function hasPassed(ingester: Ingester, report: IngestReport, mayBeBusy: boolean): Promise<boolean> {
  report.filesScanned = 0
  report.unreadable = []
  report.bytesPending = 0
  try {
    await ingester.pass(report)
    return true
  } catch (error) {
    if (mayBeBusy && error instanceof UserError && error.code === DATABASE_IN_USE) return false
    throw error
  }
}
