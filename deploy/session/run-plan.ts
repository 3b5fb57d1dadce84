import type { Terminal } from '../../kit/cli/terminal.ts'
import { errorMessage, UserError } from '../../kit/user-error.ts'
import { type Host, run } from '../host/host.ts'
import type { ReleaseFile } from '../local/build-context.ts'
import type { Change } from '../plan/change.ts'
import * as files from '../remote/files.ts'
import { releaseOf } from '../server/instance.ts'
import { definitionOf } from '../steps/changes/all.ts'
import type { Server } from '../steps/definition.ts'
import type { Context } from './context.ts'
import { failureOf, isCutOff } from './failure.ts'
import { guardedHost } from './lock/guarded-host.ts'
import { actorOf, holderName } from './lock/holder.ts'
import { takeLock } from './lock/take-lock.ts'
import type { OpenServer } from './open-server.ts'
import { runSteps, type Step, type StepTime } from './run-steps.ts'
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
interface ChangesResult extends Omit<PlanResult, 'warnings'> {
  /** No command can be run any more. */
  isCutOff?: boolean
}

/**
 * Makes the changes under the lock. When one fails or the user interrupts, what can be undone is undone; the audit line is
 * written either way. @throws UserError LOCKED, SERVER_CHANGED
 */
export async function runPlan(context: Context, open: OpenServer, plan: PlanRun): Promise<PlanResult> {
  const { verb, changes, buildContext } = plan
  const { terminal, now } = context
  const { layout, facts } = open
  const actor = actorOf(open.connection)
  const line = { at: now.toISOString(), actor, verb, release: startedRelease(changes) }
  const lostLine = JSON.stringify({ ...line, result: 'LOCK_LOST' })
  const lock = await takeLock(open.connection.host, layout, facts, { name: holderName(actor, verb, now), lostLine })
  // Reading the signal changes what the first interrupt does: from here on it undoes what was begun.
  const { signal } = terminal
  const host = guardedHost(open.connection.host, layout.folder, lock.token)
  const start = performance.now()
  try {
    const warnings: string[] = []
    const warn = (sentence: string) => void warnings.push(sentence)
    const server = { host, layout, facts, buildContext, signal, now, actor, verb, warn }
    const { isCutOff: isLost, ...result } = await runChanges(changes, server, context)
    const ending = {
      result: result.error === undefined ? 'ok' : codeOf(result.error),
      ...(context.options.skipsBackup && { no_backup: true }),
      duration_ms: Math.round(performance.now() - start),
    }
    // Who is cut off has a line that the lock or `unlock` writes.
    if (!isLost) await audit(host, layout.audit, { ...line, ...ending }, warn)
    return { ...result, warnings }
  } finally {
    await lock.end()
  }
}

async function runChanges(changes: readonly Change[], server: Server, { terminal }: Context): Promise<ChangesResult> {
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
    return { times, isSettled: true, error: undefined }
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
  try {
    if (!isCutOff(error)) await host.exec(['true'])
    else return error
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
  return changes.map((change) => {
    const definition = definitionOf(change)
    return {
      title: definition.title,
      async run(report) {
        if (!undo.isSettled) current.signal.throwIfAborted()
        follow(change, false)
        if (definition.settles === 'before') undo.settle()
        const wayBack = undo.isSettled ? undefined : definition.undo(change, current)
        if (wayBack) undo.push(wayBack)
        const result = await definition.run(change, current, report)
        follow(change, true)
        if (definition.settles === 'after') undo.settle()
        if (typeof result === 'string') return result
        current = { ...current, facts: result.facts }
        return result.done
      },
    }
  })
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
