import { statSync } from 'node:fs'
import { join } from 'node:path'
import { isObject, parseObject } from '../../kit/json.ts'
import { UserError } from '../../kit/user-error.ts'
import { type DayRange, isDay } from '../days.ts'
import { logdbError } from '../error-table.ts'
import type { LogdbSettings } from '../settings.ts'

/**
 * What a client asks the `ingest --follow` of a log database to do; one line of JSON, one to a connection. A job that was
 * accepted is done even if its client goes away, and any of them can be repeated.
 *
 * - `status` answers at once with a FollowStatus.
 * - `ingest` reads what is new in the logs now.
 * - `index` and `dialogs` bring the text indexes, or the dialogs, of these days up to date.
 * - `bundle` makes a verified bundle of these days in the folder of bundles.
 * - `forget` removes requests permanently, or only counts them. One of `request_id`, `key` and `dialog` selects them.
 * - `step` runs one step of `logdb auto`, with the folder of bundles and the settings of that run.
 */
export type FollowRequest =
  | { job: 'status' }
  | { job: 'ingest' }
  | ({ job: 'index' | 'dialogs' | 'bundle' } & DayRange)
  | { job: 'forget'; request_id?: string; key?: string; dialog?: string; dry_run: boolean }
  | { job: 'step'; step: string; bundles: string; settings: Partial<LogdbSettings> }

export type JobRequest = Exclude<FollowRequest, { job: 'status' }>

/** What it answers: lines of JSON. The last one is `done` or `failed`. */
export type FollowEvent =
  /** The job waits for this many others. */
  | { event: 'waiting'; ahead: number }
  | { event: 'started' }
  | ({ event: 'progress' } & JobProgress)
  /** The result has the names that `--json` of the verb has. */
  | { event: 'done'; result: unknown }
  | { event: 'failed'; error: ErrorFacts }

export interface JobProgress {
  done: number
  /** May be an estimate. */
  total: number
  unit: 'bytes' | 'partitions'
}

/** The fields of an error that can be sent. */
export interface ErrorFacts {
  code: string
  message: string
  hint: string
  exit_code: number
}

export interface FollowStatus {
  /** Absolute paths of the folders of the logs, the log database and the bundles. */
  from: string
  out: string
  bundles: string
  /** What `folderId` says of the folder of the logs; earlier versions do not send it. */
  from_id?: string
  /** Of the process. */
  pid: number
  /** Times are ISO 8601. */
  started_at: string
  /** When it last had read all that was in the logs; null before that. */
  up_to_date_at: string | null
  /** Requests stored since it started, without those of jobs. */
  rows_inserted: number
  running: { job: string; started_at: string } | null
  /** How many jobs wait. */
  waiting: number
}

/** Path of the socket. It is next to the databases, because who may write to them may use it. @param out folder of the log database */
export function controlSocketPath(out: string): string {
  return join(out, '.control.sock')
}

/** The same for all paths of a folder, also in containers, on one machine; undefined if it is not there. */
export function folderId(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev}:${stats.ino}`
}

/** @throws UserError USAGE */
export function parseRequest(line: string): FollowRequest {
  const fields = parseObject(line)
  if (!fields) throw invalid('the request is not an object of JSON', 'send one on one line')
  const job = String(fields['job'])
  if (!isJob(job)) throw invalid(`there is no job ${job}`, `ask for one of ${Object.keys(PARSERS).join(', ')}`)
  return PARSERS[job](fields)
}

export function factsOf({ code, message, hint, exitCode }: UserError): ErrorFacts {
  return { code, message, hint, exit_code: exitCode }
}

export function errorOf({ code, message, hint, exit_code }: ErrorFacts): UserError {
  return new UserError(code, message, { hint, exitCode: exit_code })
}

type Fields = Record<string, unknown>

const PARSERS: { [Job in FollowRequest['job']]: (fields: Fields) => FollowRequest } = {
  status: () => ({ job: 'status' }),
  ingest: () => ({ job: 'ingest' }),
  index: (fields) => ({ job: 'index', ...daysOf(fields) }),
  dialogs: (fields) => ({ job: 'dialogs', ...daysOf(fields) }),
  bundle: (fields) => ({ job: 'bundle', ...daysOf(fields) }),
  forget: ({ request_id, key, dialog, dry_run }) => {
    const chosen = Object.entries({ request_id, key, dialog }).filter(([, value]) => value !== undefined)
    const [[name = '', value] = []] = chosen
    if (chosen.length !== 1 || typeof value !== 'string') {
      throw invalid('what to forget is not clear', 'give one of request_id, key and dialog, as a string')
    }
    // A client that leaves it out has not decided to remove anything.
    return { job: 'forget', [name]: value, dry_run: dry_run !== false }
  },
  step: ({ step, bundles, settings }) => {
    if (typeof step !== 'string' || typeof bundles !== 'string' || !isObject(settings)) {
      throw invalid('the step is not complete', 'give step, bundles and settings')
    }
    return { job: 'step', step, bundles, settings }
  },
}

function daysOf({ since, to }: Fields): DayRange {
  for (const day of [since, to]) {
    if (day === undefined || (typeof day === 'string' && isDay(day))) continue
    throw invalid(`${JSON.stringify(day)} is not a day`, 'give since and to as UTC days like 2025-09-15')
  }
  return { ...(typeof since === 'string' && { since }), ...(typeof to === 'string' && { to }) }
}

function isJob(name: string): name is FollowRequest['job'] {
  return Object.hasOwn(PARSERS, name)
}

function invalid(message: string, hint: string): UserError {
  return logdbError('USAGE', message, hint)
}
