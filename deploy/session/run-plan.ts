import { errorMessage, UserError } from '../../kit/user-error.ts'
import { type Host, run } from '../host/host.ts'
import type { ReleaseFile } from '../local/build-context.ts'
import type { Change } from '../plan/change.ts'
import * as files from '../remote/files.ts'
import type { Facts } from '../server/facts.ts'
import { releaseOf } from '../server/instance.ts'
import { gatherFacts } from '../server/read-facts.ts'
import type { Measured, Server } from '../steps/definition.ts'
import type { Context } from './context.ts'
import { guardedHost } from './lock/guarded-host.ts'
import { actorOf, holderName } from './lock/holder.ts'
import { takeLock } from './lock/take-lock.ts'
import type { OpenServer } from './open-server.ts'
import { type ChangesResult, runChanges } from './run-changes.ts'

export interface PlanRun {
  verb: string
  changes: readonly Change[]
  buildContext: readonly ReleaseFile[]
  /** What is done if the live release cannot be put to work again. */
  fallback?: Fallback | undefined
  /** Takes what is measured, for a caller that wants it. */
  measured?: Measured | undefined
}

/** Another release takes over from one that does not work. */
export interface Fallback {
  release: string
  /** @param facts of the server after the attempt */
  plan(facts: Facts): Promise<Change[]>
}

/** How a run ended. */
export interface PlanResult extends Omit<ChangesResult, 'isCutOff'> {
  /** Sentences about what failed but does not matter to clients. */
  warnings: string[]
}

/**
 * Makes the changes under the lock. When one fails or the user interrupts, what can be undone is undone; the audit line is
 * written either way. @throws UserError LOCKED, SERVER_CHANGED
 */
export async function runPlan(context: Context, open: OpenServer, plan: PlanRun): Promise<PlanResult> {
  const { verb, changes, buildContext, measured = {} } = plan
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
    const server = { host, layout, facts, buildContext, signal, now, actor, verb, warn, measured }
    const attempt = await runChanges(changes, server, terminal)
    const { isCutOff: isLost, ...result } = await orFallBack(attempt, plan.fallback, server, context)
    const ending = {
      result: result.error === undefined ? 'ok' : codeOf(result.error),
      ...(context.options.skipsBackup && { no_backup: true }),
      duration_ms: Math.round(performance.now() - start),
    }
    // Who is cut off has a line that the lock or `unlock` writes.
    const isFolderGone = changes.some(({ kind }) => kind === 'remove-data') && result.error === undefined
    if (!isLost && !isFolderGone) await audit(host, layout.audit, { ...line, ...ending }, warn)
    return { ...result, warnings }
  } finally {
    await lock.end()
  }
}

const UNUSABLE = ['RELEASE_UNHEALTHY', 'WATCH_FAILED']

/** Switches to the other release after a repair with no effect. That is an error all the same: the wanted one is not live. */
async function orFallBack(
  attempt: ChangesResult,
  fallback: Fallback | undefined,
  server: Server,
  context: Context,
): Promise<ChangesResult> {
  const { error } = attempt
  const isUnusable = error instanceof UserError && UNUSABLE.includes(error.code)
  if (!isUnusable || fallback === undefined) return attempt
  context.terminal.err(`==> Switching to release ${fallback.release}, since that did not help\n`)
  const second = await fallBack(fallback, server, context).catch((failed: unknown) => ({ ...attempt, error: failed }))
  if (second.error !== undefined) return second
  const { code, message, exitCode } = error
  const hint = `release ${fallback.release} answers instead; correct what is wrong, then deploy again`
  return { times: second.times, isSettled: true, error: new UserError(code, message, { hint, exitCode }) }
}

async function fallBack(fallback: Fallback, server: Server, { terminal }: Context): Promise<ChangesResult> {
  const facts = await gatherFacts(server.host, server.layout.folder)
  return runChanges(await fallback.plan(facts), { ...server, facts }, terminal)
}

/** Release that the plan starts; null for one that only changes settings. */
function startedRelease(changes: readonly Change[]): string | null {
  const start = changes.find((change) => change.kind === 'start-release' || change.kind === 'use-warm')
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
