import { userFacing } from '../command-line/user-facing-error.ts'
import {
  type FollowEvent,
  type FollowRequest,
  type FollowStatus,
  factsOf,
  folderId,
  type JobRequest,
} from '../control-socket/control-protocol.ts'
import { logdbError } from '../error-table.ts'
import type { IngestReport } from '../ingest/report.ts'
import type { JobContext } from './jobs.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { runJob } from './run-job.ts'

const MAX_WAITING = 100

/** The jobs of an `ingest --follow`, one at a time, and never one that writes rows during a pass. */
export class FollowJobs {
  readonly #context: JobContext
  readonly #report: IngestReport
  readonly #closeDatabase: () => void
  readonly #startedAt = new Date()
  readonly #ending = new AbortController()
  /** Of the jobs. */
  readonly #jobs = new OneAtATime()
  /** Of passes, and of jobs that change the database. */
  readonly #changes = new OneAtATime()
  #upToDateAt: Date | undefined
  #running: FollowStatus['running'] = null

  /**
   * @param report that of the passes
   * @param closeDatabase called before each job that changes the database, because a partition that is open can neither be
   *   sealed nor lose what was removed from it
   */
  constructor({ from, out, bundles, settings }: JobContext, report: IngestReport, closeDatabase: () => void) {
    this.#context = { from, out, bundles, settings }
    this.#report = report
    this.#closeDatabase = closeDatabase
  }

  /** Runs a pass when no job changes the database. */
  async betweenJobs(pass: () => Promise<void>): Promise<void> {
    await this.#changes.take(pass)
  }

  /** Says that all that is in the logs has been read. */
  noteUpToDate(): void {
    this.#upToDateAt = new Date()
  }

  /** Never throws. */
  async answer(request: FollowRequest, say: (event: FollowEvent) => void): Promise<void> {
    if (request.job === 'status') return say({ event: 'done', result: this.#status() })
    const ahead = this.#jobs.count
    if (ahead > 0) say({ event: 'waiting', ahead })
    try {
      if (ahead > MAX_WAITING) throw tooManyJobs()
      say({ event: 'done', result: await this.#jobs.take(() => this.#run(request, say)) })
    } catch (error) {
      say({ event: 'failed', error: factsOf(userFacing(error, request.job)) })
    }
  }

  /** Ends the job that is running; those that wait fail too. */
  async end(): Promise<void> {
    this.#ending.abort(logdbError('FOLLOW_ENDED', 'logdb ingest --follow is ending', 'ask for the job again'))
    await this.#jobs.take(() => {})
  }

  async #run(request: JobRequest, say: (event: FollowEvent) => void): Promise<unknown> {
    const { signal } = this.#ending
    const run = async () => {
      signal.throwIfAborted()
      this.#running = { job: request.job, started_at: new Date().toISOString() }
      say({ event: 'started' })
      return runJob(request, this.#context, { signal, onProgress: (done) => say({ event: 'progress', ...done }) })
    }
    try {
      if (!changesDatabase(request)) return await run()
      return await this.#changes.take(() => {
        this.#closeDatabase()
        return run()
      })
    } finally {
      this.#running = null
    }
  }

  #status(): FollowStatus {
    const { from, out, bundles } = this.#context
    const id = folderId(from)
    return {
      from,
      ...(id !== undefined && { from_id: id }),
      out,
      bundles,
      pid: process.pid,
      started_at: this.#startedAt.toISOString(),
      up_to_date_at: this.#upToDateAt?.toISOString() ?? null,
      rows_inserted: this.#report.rowsInserted,
      running: this.#running,
      waiting: this.#jobs.count - (this.#running ? 1 : 0),
    }
  }
}

/** Bundles are made from snapshots, so new records are read meanwhile. */
function changesDatabase(request: JobRequest): boolean {
  return request.job !== 'bundle' && !(request.job === 'step' && request.step === 'bundle')
}

function tooManyJobs() {
  return logdbError('DATABASE_IN_USE', `${MAX_WAITING} jobs are waiting`, 'ask again when some of them are done')
}
