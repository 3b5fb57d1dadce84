import { isObject, parseObject } from '../../../kit/json.ts'
import type { Pairs } from '../pairs.ts'

/** How the routine of the server is. Times are seconds since 1970. */
export interface RoutineRuns {
  isRunning: boolean
  nextS: number | undefined
  last: RoutineRun | undefined
}

interface RoutineRun {
  startedS: number
  endedS: number
  /** Undefined if it ended well. */
  problem: string | undefined
  /** What to do about it, if logdb says so. */
  hint: string | undefined
  /** The time was over before its last step. */
  hasMore: boolean
}

export function readRoutineRuns(pairs: Pairs): RoutineRuns {
  const next = pairs.one('routine_next')
  return {
    isRunning: pairs.one('routine_running') !== undefined,
    nextS: next === undefined ? undefined : Number(next),
    last: readLastRun(pairs),
  }
}

/** Of an output that was cut off, or of a logdb that never started, only the last line of its problems says what it was. */
function readLastRun(pairs: Pairs): RoutineRun | undefined {
  const [startedS, endedS] = [Number(pairs.one('routine_started')), Number(pairs.one('routine_ended'))]
  if (!(startedS > 0 && endedS > 0)) return undefined
  const exitCode = pairs.one('routine_exit_code') ?? ''
  const { result, error } = parseObject(pairs.text('routine_output') ?? '') ?? {}
  const said = isObject(error) ? error['message'] : pairs.text('routine_problems')?.trim().split('\n').at(-1)
  return {
    startedS,
    endedS,
    problem: exitCode === '0' ? undefined : `${said || `exit code ${exitCode}`}`,
    hint: isObject(error) && typeof error['hint'] === 'string' ? error['hint'] : undefined,
    hasMore: isObject(result) && result['more'] === true,
  }
}
