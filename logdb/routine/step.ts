import type { UserError } from '../../kit/user-error.ts'
import type { LogdbSettings } from '../settings.ts'

export interface StepContext {
  /** Folder of the logs. */
  from: string
  /** Folder of the log database. */
  out: string
  /** Folder of the bundles. */
  bundles: string
  settings: LogdbSettings
  /** How long each step waits for another process that writes, in milliseconds; `ingest --follow` lets others in between. */
  waitMs: number
  /** Ends the reading of logs early, after a clean commit. */
  signal: AbortSignal | undefined
}

/** What a step did. */
export interface StepReport {
  name: string
  /** For people. */
  lines: string[]
  /** For --json. */
  result: unknown
  /** What a user must know, although the step did its work. */
  problems: string[]
  failure: UserError | undefined
}

export interface RoutineStep {
  name: string
  /** It does not change the log database, so `ingest --follow` need not run it. */
  staysHere?: true
  run(
    context: StepContext,
  ): Promise<{ lines: string[]; result: unknown; problems?: string[]; failure?: UserError | undefined }>
}
