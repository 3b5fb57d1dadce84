import { existsSync, realpathSync } from 'node:fs'
import { UserError } from '../../kit/user-error.ts'
import { askFollow } from '../control-socket/ask-follow.ts'
import { type ErrorFacts, errorOf, type FollowStatus, folderId } from '../control-socket/control-protocol.ts'
import type { LogdbErrorCode } from '../error-table.ts'
import { type Folders, inPathsOf } from './follow-paths.ts'
import type { RoutineStep, StepContext, StepReport } from './step.ts'

/** It ended, or is of another version that does not know the step. */
const NOT_DONE: readonly LogdbErrorCode[] = ['FOLLOW_ENDED', 'USAGE']

/** The step, run by `ingest --follow` if one of this user reads the same logs into the same database; else as it is. */
export async function stepWhereFollowed(step: RoutineStep, context: StepContext): Promise<RoutineStep> {
  if (step.staysHere) return step
  const folders = await foldersOfFollow(context)
  return folders ? stepOfFollow(step, folders) : step
}

/** How `ingest --follow` calls the folders of this run; undefined if none works with them. */
async function foldersOfFollow({ from, out }: StepContext): Promise<Folders | undefined> {
  const asked = await askFollow(out, { job: 'status' }).catch((error: unknown) => {
    if (error instanceof UserError) return undefined
    throw error
  })
  if (asked === undefined) return undefined
  const status = asked.result as FollowStatus
  return isSameFolder(status, from) ? { from: status.from, out: status.out } : undefined
}

/** In another container the same folder may have another path, and an earlier version says only that. */
function isSameFolder({ from: there, from_id: id }: FollowStatus, from: string): boolean {
  if (id !== undefined) return id === folderId(from)
  return [there, from].every((path) => existsSync(path)) && realpathSync(there) === realpathSync(from)
}

/** `ingest --follow` stops reading while it runs a step. If it cannot do it, the step runs here. */
function stepOfFollow(step: RoutineStep, folders: Folders): RoutineStep {
  const run: RoutineStep['run'] = async (context) => {
    const { out, bundles, settings, signal } = context
    try {
      const asked = await askFollow(out, { job: 'step', step: step.name, bundles, settings }, { signal })
      if (asked) return reportOf(inPathsOf(context, folders, asked.result as SentReport))
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
