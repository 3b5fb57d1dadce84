import { userInfo } from 'node:os'
import { errorMessage, UserError } from '../../kit/user-error.ts'
import { deployError } from '../errors.ts'
import { type Host, run } from '../host/host.ts'
import type { ReleaseFile } from '../local/build-context.ts'
import type { Change } from '../plan/change.ts'
import * as files from '../remote/files.ts'
import { releaseOf } from '../server/instance.ts'
import { definitionOf } from '../steps/changes/all.ts'
import type { Server } from '../steps/definition.ts'
import type { Context } from './context.ts'
import type { OpenServer } from './open-server.ts'
import { runSteps, type Step, type StepTime } from './run-steps.ts'
import { takeLock } from './take-lock.ts'
import { UndoStack } from './undo.ts'

export interface PlanRun {
  verb: string
  changes: readonly Change[]
  buildContext: readonly ReleaseFile[]
}

/** How a run ended. */
export interface PlanResult {
  times: StepTime[]
  /** Sentences about what failed but does not matter to clients. */
  warnings: string[]
  /** True if the change stands, also when a later check failed. */
  isSettled: boolean
  /** Undefined if all went well. */
  error: unknown
}

/** What is known when the changes were made or taken back. */
type ChangesResult = Omit<PlanResult, 'warnings'>

/**
 * Makes the changes under the lock. When one fails or the user interrupts, what can be undone is undone; the audit line is
 * written either way. @throws UserError LOCKED, SERVER_CHANGED
 */
export async function runPlan(context: Context, open: OpenServer, plan: PlanRun): Promise<PlanResult> {
  const { verb, changes, buildContext } = plan
  const { terminal, now } = context
  const { layout, facts } = open
  const { host } = open.connection
  // Reading the signal changes what the first interrupt does: from here on it undoes what was begun.
  const { signal } = terminal
  const actor = `${userInfo().username} as ${open.connection.user}`
  const lock = await takeLock(host, layout, facts, `${actor}, ${verb}, since ${now.toISOString()}`)
  const start = performance.now()
  try {
    const warnings: string[] = []
    const warn = (sentence: string) => void warnings.push(sentence)
    const server = { host, layout, facts, buildContext, signal, now, actor, verb, warn }
    const result = await runChanges(changes, server, context)
    const line = {
      at: now.toISOString(),
      actor,
      verb,
      release: startedRelease(changes),
      result: result.error === undefined ? 'ok' : codeOf(result.error),
      ...(context.options.skipsBackup && { no_backup: true }),
      duration_ms: Math.round(performance.now() - start),
    }
    await audit(host, layout.audit, line, warn)
    return { ...result, warnings }
  } finally {
    lock.end()
  }
}

async function runChanges(changes: readonly Change[], server: Server, { terminal }: Context): Promise<ChangesResult> {
  const undo = new UndoStack()
  try {
    const times = await runSteps(stepsOf(changes, server, undo), terminal)
    undo.settle()
    return { times, isSettled: true, error: undefined }
  } catch (error) {
    const { isSettled } = undo
    if (!undo.isEmpty) terminal.err('==> Undoing what was begun\n')
    const failures = await undo.run()
    return { times: [], isSettled, error: failureOf(error, failures, isSettled, server.signal.aborted) }
  }
}

/** Each change with its undo; the facts that one finds are those of the next. */
export function stepsOf(changes: readonly Change[], server: Server, undo: UndoStack): Step[] {
  let current = server
  return changes.map((change) => {
    const definition = definitionOf(change)
    return {
      title: definition.title,
      async run(report) {
        if (definition.settles === 'before') undo.settle()
        const wayBack = undo.isSettled ? undefined : definition.undo(change, current)
        if (wayBack) undo.push(wayBack)
        const result = await definition.run(change, current, report)
        if (definition.settles === 'after') undo.settle()
        if (typeof result === 'string') return result
        current = { ...current, facts: result.facts }
        return result.done
      },
    }
  })
}

function failureOf(error: unknown, undoFailures: string[], isSettled: boolean, isInterrupted: boolean): unknown {
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

/** Release that the plan starts; null for one that only changes settings. */
function startedRelease(changes: readonly Change[]): string | null {
  const start = changes.find((change) => change.kind === 'start-release')
  return start === undefined ? null : releaseOf(start.instance)
}

function codeOf(error: unknown): string {
  return error instanceof UserError ? error.code : 'failed'
}

/** A line that cannot be written undoes nothing: the disk may be full, or the connection gone. */
async function audit(host: Host, path: string, line: object, warn: (sentence: string) => void): Promise<void> {
  try {
    await run(host, `write ${path}`, files.appendLine(path), { stdin: `${JSON.stringify(line)}\n` })
  } catch (error) {
    warn(errorMessage(error))
  }
}
