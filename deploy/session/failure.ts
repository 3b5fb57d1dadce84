import { errorMessage, type UserError } from '../../kit/user-error.ts'
import { deployError, isCutOff } from '../errors.ts'
import type { Change } from '../plan/change.ts'
import { releaseOf } from '../server/instance.ts'

/** How far a plan has come. */
export interface Progress {
  /** Changes that were begun, in order. */
  begun: readonly Change[]
  /** The switch is done. */
  isSwitched: boolean
  /** The change stands. */
  isSettled: boolean
  isInterrupted: boolean
  /** Something was begun that was not undone, because no command could be run any more. */
  isLeft: boolean
  undoFailures: readonly string[]
}

/**
 * The error that a failed plan ends with.
 * @param live instance that answered before
 */
export function failureOf(error: unknown, progress: Progress, live: string | null): unknown {
  const { undoFailures, isInterrupted, isSettled } = progress
  if (isCutOff(error)) return cutOff(error, progress, live)
  if (undoFailures.length > 0) {
    return deployError(
      'UNDO_INCOMPLETE',
      `${errorMessage(error)}\nand not everything could be undone:\n${undoFailures.join('\n')}`,
      'run the same command again: it checks the server again',
      error,
    )
  }
  if (!isInterrupted) return error
  const what = isSettled
    ? 'the change was made, but not checked to the end'
    : 'the server still serves the previous release'
  return deployError('INTERRUPTED', `interrupted; ${what}`, 'run again', error)
}

/** Says what serves now, as far as it can be known from here. */
function cutOff(error: UserError, progress: Progress, live: string | null): UserError {
  const left = progress.isLeft ? ', and what was begun is not undone' : ''
  const code = progress.isLeft && error.code === 'SSH_UNREACHABLE' ? 'UNDO_INCOMPLETE' : error.code
  const message = `${error.message}; ${serving(progress, live)}${left}`
  return deployError(code as 'UNDO_INCOMPLETE' | 'SSH_UNREACHABLE' | 'LOCK_LOST', message, error.hint, error)
}

function serving({ begun, isSwitched }: Progress, live: string | null): string {
  const target = begun.find((change) => change.kind === 'switch')?.instance
  const name = (instance: string | null) => (instance === null ? 'no release' : `release ${releaseOf(instance)}`)
  if (target === undefined || target === live) return `${name(live)} serves, as before`
  if (isSwitched) return `${name(target)} serves now`
  if (name(target) === name(live))
    return `it happened during the switch between containers of ${name(live)}, which serves`
  return `it happened during the switch, so that ${name(live)} or ${name(target)} serves`
}
