import { randomUUID } from 'node:crypto'
import { errorMessage, UserError } from '../../../../kit/user-error.ts'
import { askFollow, isFollowed } from '../../../control-socket/ask-follow.ts'
import type {
  FollowEvent,
  FollowRequest,
  FollowStatus,
  JobProgress,
  JobRequest,
} from '../../../control-socket/control-protocol.ts'
import { UiProblem } from '../ui-problem.ts'

const MAX_JOBS = 50
/** A dry run says what would be removed now, so it is of no use later. */
const DRY_RUN_MS = 10 * 60_000

export type AdminRequest = Exclude<JobRequest, { job: 'step' }>
export type ForgetRequest = Extract<FollowRequest, { job: 'forget' }>

/** A job that somebody asked for here. */
export interface Job {
  id: string
  request: AdminRequest
  state: 'waiting' | 'running' | 'done' | 'failed'
  progress: JobProgress | undefined
  /** When it was asked for and when it ended, in milliseconds since 1970. */
  askedMs: number
  endedMs: number | undefined
  result: unknown
  /** One sentence, and what to do. */
  error: { message: string; hint: string } | undefined
}

/** Asks the process that writes to the log database to do jobs, and remembers the last ones. */
export class Jobs {
  readonly #out: string
  readonly #jobs: Job[] = []
  readonly #closing = new AbortController()

  constructor(out: string) {
    this.#out = out
  }

  /** The latest first. */
  get all(): readonly Job[] {
    return [...this.#jobs].reverse()
  }

  /** Undefined if no process takes jobs. @throws UserError */
  async status(): Promise<FollowStatus | undefined> {
    const asked = await askFollow(this.#out, { job: 'status' })
    return asked?.result as FollowStatus | undefined
  }

  /** @throws UiProblem 409 if no process takes jobs, or if something would be removed without a dry run */
  async start(request: AdminRequest): Promise<Job> {
    if (request.job === 'forget' && !request.dry_run) this.#requireDryRun(request)
    if (!(await isFollowed(this.#out))) throw notFollowed()
    const job: Job = {
      id: randomUUID(),
      request,
      state: 'waiting',
      progress: undefined,
      askedMs: Date.now(),
      endedMs: undefined,
      result: undefined,
      error: undefined,
    }
    this.#jobs.push(job)
    this.#jobs.splice(0, this.#jobs.length - MAX_JOBS)
    void this.#run(job)
    return job
  }

  /** What was asked for is done nevertheless. */
  close(): void {
    this.#closing.abort()
  }

  async #run(job: Job): Promise<void> {
    try {
      const onEvent = (event: FollowEvent) => note(job, event)
      const asked = await askFollow(this.#out, job.request, { onEvent, signal: this.#closing.signal })
      if (!asked) throw notFollowed()
      job.state = 'done'
      job.result = asked.result
    } catch (error) {
      job.state = 'failed'
      const hint = error instanceof UserError || error instanceof UiProblem ? error.hint : undefined
      job.error = { message: errorMessage(error), hint: hint ?? '' }
    }
    job.endedMs = Date.now()
  }

  #requireDryRun(request: ForgetRequest): void {
    const wanted = selectionOf(request)
    const hasRun = this.#jobs.some(({ request: other, state, endedMs = 0 }) => {
      const isSame = other.job === 'forget' && other.dry_run && selectionOf(other) === wanted
      return isSame && state === 'done' && endedMs > Date.now() - DRY_RUN_MS
    })
    if (hasRun) return
    throw new UiProblem(409, 'nothing is removed without a dry run of the last ten minutes', {
      hint: 'ask for the same with dry_run true, and read what it would remove',
    })
  }
}

function note(job: Job, event: FollowEvent): void {
  if (event.event === 'started') job.state = 'running'
  if (event.event === 'progress') job.progress = { done: event.done, total: event.total, unit: event.unit }
}

function selectionOf({ request_id, key, dialog }: ForgetRequest): string {
  return JSON.stringify({ request_id, key, dialog })
}

function notFollowed(): UiProblem {
  return new UiProblem(409, 'no process takes jobs for this log database', {
    hint: 'start one and leave it running: logdb ingest --follow',
  })
}
