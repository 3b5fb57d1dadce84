import type { Terminal } from '../../kit/cli/terminal.ts'
import type { UserError } from '../../kit/user-error.ts'
import { isCutOff } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Change } from '../plan/change.ts'
import { definitionOf, settlingOf } from '../steps/changes/all.ts'
import type { Server } from '../steps/definition.ts'
import { failureOf } from './failure.ts'
import { runSteps, type Step, type StepTime } from './run-steps.ts'
import { UndoStack } from './undo.ts'

/** What is known when the changes were made or taken back. */
export interface ChangesResult {
  times: StepTime[]
  /** True if the change stands, also when a later check failed. */
  isSettled: boolean
  /** Undefined if all went well. */
  error: unknown
  /** No command can be run any more. */
  isCutOff?: boolean
}

/** Of a run that the user interrupted while it was watched. */
const STANDS = { isSettled: true, isInterrupted: true, isLeft: false, undoFailures: [] }

/** Makes the changes, and takes them back if one fails or the user interrupts before they stand. */
export async function runChanges(
  changes: readonly Change[],
  server: Server,
  terminal: Terminal,
): Promise<ChangesResult> {
  const undo = new UndoStack()
  const begun: Change[] = []
  let isSwitched = false
  const follow = (change: Change, isDone: boolean) => {
    if (!isDone) begun.push(change)
    else if (change.kind === 'switch') isSwitched = true
  }
  try {
    const times = await runSteps(stepsOf(changes, server, undo, follow), terminal)
    undo.settle()
    const error = server.measured.isWatchInterrupted
      ? failureOf(undefined, { ...STANDS, begun, isSwitched }, server.facts.live)
      : undefined
    return { times, isSettled: true, error }
  } catch (error) {
    const { isSettled } = undo
    const cutOff = await findCutOff(error, server.host)
    const undoFailures = cutOff ? [] : await takeBack(undo, terminal)
    const isInterrupted = server.signal.aborted
    const progress = { begun, isSwitched, isSettled, isInterrupted, isLeft: !undo.isEmpty, undoFailures }
    const reason = cutOff ?? undo.cutOff
    const failure = failureOf(reason ?? error, progress, server.facts.live)
    return { times: [], isSettled, error: failure, isCutOff: reason !== undefined }
  }
}

/** A command that was ended with the lock fails like any other; this finds out. */
async function findCutOff(error: unknown, host: Host): Promise<UserError | undefined> {
  if (isCutOff(error)) return error
  try {
    await host.exec(['true'])
  } catch (cutOff) {
    if (isCutOff(cutOff)) return cutOff
  }
  return undefined
}

async function takeBack(undo: UndoStack, terminal: Terminal): Promise<string[]> {
  if (undo.isEmpty) return []
  terminal.err('==> Undoing what was begun\n')
  return undo.run()
}

/**
 * Each change with its undo; the facts that one finds are those of the next.
 * @param follow learns when a change begins and when it is done
 */
export function stepsOf(
  changes: readonly Change[],
  server: Server,
  undo: UndoStack,
  follow: (change: Change, isDone: boolean) => void = () => {},
): Step[] {
  let current = server
  return changes.map((change, index) => {
    const definition = definitionOf(change)
    return {
      title: definition.title,
      isWithPrevious: isMeanwhile(changes, index),
      async run(report) {
        // Once new requests reach the release it stays: the watch ends at once.
        if (!undo.isSettled && change.kind !== 'watch') current.signal.throwIfAborted()
        follow(change, false)
        const settling = settlingOf(change)
        if (settling === 'before') undo.settle()
        const wayBack = undo.isSettled ? undefined : definition.undo(change, current)
        if (wayBack) undo.push(wayBack)
        const result = await definition.run(change, current, report)
        follow(change, true)
        if (settling === 'after') undo.settle()
        if (typeof result === 'string') return result
        current = { ...current, facts: result.facts }
        return result.done
      },
    }
  })
}

/** They change nothing that a backup holds. */
const DURING_BACKUP: readonly Change['kind'][] = ['make-folders', 'upload-release', 'start-release']

/**
 * The first edge gets its certificate while the image is built, which takes longest. A release starts during the backup.
 */
function isMeanwhile(changes: readonly Change[], index: number): boolean {
  const change = changes[index]
  if (change?.kind === 'start-edge') return change.isFirst && changes[index - 1]?.kind === 'build-image'
  const isDuringBackup = ({ kind }: Change) => DURING_BACKUP.includes(kind)
  const leader = changes.slice(0, index).findLast((earlier) => !isDuringBackup(earlier))
  return leader?.kind === 'back-up' && change !== undefined && isDuringBackup(change)
}
