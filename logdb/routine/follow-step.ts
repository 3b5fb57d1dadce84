import { realpathSync } from 'node:fs'
import { UserError } from '../../kit/user-error.ts'
import { askFollow } from '../control-socket/ask-follow.ts'
import { type ErrorFacts, errorOf, type FollowStatus } from '../control-socket/control-protocol.ts'
import type { LogdbErrorCode } from '../error-table.ts'
import type { RoutineStep, StepContext, StepReport } from './step.ts'

/** It ended, or is of another version that does not know the step. */
const NOT_DONE: readonly LogdbErrorCode[] = ['FOLLOW_ENDED', 'USAGE']

/** True if an `ingest --follow` of this user reads the same logs into the same database. */
export async function isFollowing({ from, out }: StepContext): Promise<boolean> {
  const status = await askFollow(out, { job: 'status' }).catch((error: unknown) => {
    if (error instanceof UserError) return undefined
    throw error
  })
  return status !== undefined && realpathSync((status.result as FollowStatus).from) === realpathSync(from)
}

/** The same step, run by `ingest --follow`, which stops reading meanwhile. If that cannot do it, it runs here. */
export function stepOfFollow(step: RoutineStep): RoutineStep {
  const run: RoutineStep['run'] = async (context) => {
    const { out, bundles, settings, signal } = context
    try {
      const asked = await askFollow(out, { job: 'step', step: step.name, bundles, settings }, { signal })
      if (asked) return reportOf(asked.result as SentReport)
    } catch (error) {
      if (signal?.aborted) return { lines: [`auto: ${step.name} continues in logdb ingest --follow`], result: null }
      if (!(error instanceof UserError) || !NOT_DONE.some((code) => code === error.code)) throw error
    }
    return step.run(context)
  }
  return { name: step.name, run }
}

type SentReport = Omit<StepReport, 'failure'> & { failure?: ErrorFacts }

function reportOf({ failure, ...report }: SentReport): StepReport {
  return { ...report, failure: failure && errorOf(failure) }
}
