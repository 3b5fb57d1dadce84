import { statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { UserError } from '../../kit/user-error.ts'
import { ControlServer } from '../control-socket/control-server.ts'
import type { LogdbErrorCode } from '../error-table.ts'
import { type IngestOptions, Passes } from '../ingest/passes.ts'
import { emptyReport, type IngestReport } from '../ingest/report.ts'
import { findLogFiles } from '../sources/find.ts'
import { FollowJobs } from './follow-jobs.ts'

const IN_USE: LogdbErrorCode = 'DATABASE_IN_USE'
const PAUSE_MS = 1000
/** When nothing has come for this long, the database is closed, because a partition that is open cannot be sealed. */
const IDLE_MS = 5000

export interface FollowOptions extends IngestOptions {
  signal: AbortSignal
  /** Folder of the bundles that jobs make. */
  bundles: string
  /** Gets why no jobs are taken, if that is so. */
  onProblem: (error: UserError) => void
}

/**
 * Reads new records as soon as they are in the logs, until the signal comes; between the passes other processes may write
 * to the database. Meanwhile it takes jobs from the control socket. Returns one report of all passes, without those of jobs.
 * @throws UserError
 */
export async function follow(options: FollowOptions): Promise<IngestReport> {
  const { from, signal } = options
  const startedMs = performance.now()
  const report = emptyReport()
  const passes = await Passes.create(options)
  const jobs = new FollowJobs(options, report, () => passes.close())
  let seen = ''
  let seenAtMs = startedMs
  let found = stateOf(from)
  const server = await listen(options, jobs)
  signal.addEventListener('abort', () => void jobs.end(), { once: true })
  try {
    for (; !signal.aborted; found = stateOf(from)) {
      await jobs.betweenJobs(async () => {
        if (found === seen) {
          if (performance.now() - seenAtMs > IDLE_MS) passes.close()
        } else if (!(await hasPassed(passes, report, seen !== ''))) return
        else [seen, seenAtMs] = [found, performance.now()]
        jobs.noteUpToDate()
      })
      await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => {})
    }
  } finally {
    passes.close()
    await jobs.end()
    await server?.close()
  }
  return { ...report, isInterrupted: false, elapsedMs: performance.now() - startedMs }
}

/** Undefined without a socket: reading the logs is more important than taking jobs. */
async function listen({ out, onProblem }: FollowOptions, jobs: FollowJobs): Promise<ControlServer | undefined> {
  try {
    return await ControlServer.listen(out, (request, say) => jobs.answer(request, say))
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    onProblem(error)
    return undefined
  }
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
  report.incomplete = []
  report.lost = []
  report.gone = []
  try {
    await passes.run(report)
    return true
  } catch (error) {
    if (mayBeBusy && error instanceof UserError && error.code === IN_USE) return false
    throw error
  }
}
