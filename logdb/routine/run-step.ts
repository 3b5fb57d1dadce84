import { UserError } from '../../kit/user-error.ts'
import { requireRoom } from './free-room.ts'
import type { RoutineStep, StepContext, StepReport } from './step.ts'

/** Runs a step unless there is too little room for it; a failure is in the report. */
export async function runStep(
  { name, run }: RoutineStep,
  context: StepContext,
  minFreeBytes: number,
): Promise<StepReport> {
  try {
    requireRoom(context.out, minFreeBytes)
    return { name, problems: [], failure: undefined, ...(await run(context)) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { name, lines: [], result: null, problems: [], failure: error }
  }
}
