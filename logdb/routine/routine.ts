import type { UserError } from '../../kit/user-error.ts'
import type { LogdbErrorCode } from '../error-table.ts'
import { stepWhereFollowed } from './follow-step.ts'
import { recentBundleStep } from './recent-bundle.ts'
import { runStep } from './run-step.ts'
import type { StepContext, StepReport } from './step.ts'
import { stepsOf } from './steps.ts'
import type { BundlePlace } from './upload/bundle-place.ts'
import { uploadStep } from './upload/upload-step.ts'

export interface RoutineOptions extends StepContext {
  /** No step starts later than this after the beginning, and reading logs ends then; undefined for no limit. */
  maxTimeMs: number | undefined
  /** No step starts with less than this free on the disk of the log database. */
  minFreeBytes: number
  /** Finds where bundles are copied to; nowhere if undefined. */
  placeOf?: (() => Promise<BundlePlace>) | undefined
  /** Called after each step. */
  onStep?: ((report: StepReport) => void) | undefined
}

export interface RoutineReport {
  steps: StepReport[]
  /** True if the time was over before the last step: the next run does the rest. */
  hasMore: boolean
  /** Of the first step that failed. */
  failure: UserError | undefined
}

/** After these no other step can do its work either. */
const ENDING: readonly LogdbErrorCode[] = ['DISK_FULL', 'DATABASE_IN_USE', 'SERVER_ID_MISSING', 'LOGS_MISSING']

/**
 * Does what a log database needs regularly. A step that fails does not stop the others, unless they would fail too. Safe to
 * kill and to repeat.
 */
export async function runRoutine({
  maxTimeMs,
  minFreeBytes,
  placeOf,
  onStep,
  ...context
}: RoutineOptions): Promise<RoutineReport> {
  const endsAtMs = performance.now() + (maxTimeMs ?? Number.POSITIVE_INFINITY)
  const timeUp = maxTimeMs === undefined ? [] : [AbortSignal.timeout(maxTimeMs)]
  const signal = AbortSignal.any([...(context.signal ? [context.signal] : []), ...timeUp])
  const report: RoutineReport = { steps: [], hasMore: false, failure: undefined }
  const steps = [
    ...stepsOf(context.settings),
    ...(placeOf ? [recentBundleStep, uploadStep(placeOf, minFreeBytes)] : []),
  ]
  for (const own of steps) {
    if (signal.aborted || performance.now() >= endsAtMs) return { ...report, hasMore: true }
    const step = await stepWhereFollowed(own, context)
    const done = await runStep(step, { ...context, signal }, minFreeBytes)
    report.steps.push(done)
    report.failure ??= done.failure
    onStep?.(done)
    if (ENDING.some((code) => code === done.failure?.code)) break
  }
  return { ...report, hasMore: signal.aborted }
}
