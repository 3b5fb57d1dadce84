import { toUserError } from '../../kit/cli/command-errors.ts'
import { canAsk } from '../../kit/cli/terminal.ts'
import { deployError } from '../errors.ts'
import type { ReleaseFile } from '../local/build-context.ts'
import type { Change } from '../plan/change.ts'
import { releaseOf } from '../server/instance.ts'
import { describeHold } from '../server/lock/hold.ts'
import type { Measured } from '../steps/definition.ts'
import type { Context } from './context.ts'
import type { OpenServer } from './open-server.ts'
import { stepsOf } from './run-changes.ts'
import { type Fallback, type PlanResult, runPlan } from './run-plan.ts'
import { runSteps, type StepTime } from './run-steps.ts'
import { commandLine } from './shown/command-line.ts'
import { type PlanView, planLines, viewPlan } from './shown/plan-view.ts'
import type { Outcome } from './shown/report.ts'
import { UndoStack } from './undo.ts'

/** A plan, and what is shown with it. */
export interface Proposal {
  verb: string
  changes: readonly Change[]
  /** Between the new release and the one that it replaces, line by line. */
  differences?: readonly string[]
  /** Completes "On SERVER", for example ", from FILE". */
  source?: string
  warnings: readonly string[]
  /** Where the gateway answers afterwards. */
  url: string
  /** A key that the plan makes: it is shown once, as soon as the change stands. */
  generatedKey?: string | null
  buildContext?: readonly ReleaseFile[]
  fallback?: Fallback | undefined
  /** Takes what is measured, for a caller that wants it. */
  measured?: Measured
  /** For plans that may be empty. */
  ifNothingToDo?: {
    note: string
    /** Made without the lock; it writes nothing. */
    check?: Change<'check-from-outside'>
  }
  /** Shown after the changes were made. */
  next?: readonly string[]
}

const KEY_SHOWN_ONCE = "This key is shown only now. It is in the server's .env too."

/** Shows a plan, asks, makes the changes and says how that ended. With --dry-run it only shows the plan. */
export async function carryOut(context: Context, open: OpenServer, wanted: Proposal): Promise<Outcome> {
  const proposal = { ...wanted, warnings: [...holdWarnings(open, wanted.verb), ...wanted.warnings] }
  const { changes, differences = [], generatedKey, next = [], ifNothingToDo, buildContext = [] } = proposal
  const { isDryRun, skipsBackup } = context.options
  const view = viewPlan(changes, open.facts, { differences, skipsBackup })
  showPlan(context, proposal, view)
  const ended = (isChanged: boolean, times: StepTime[], warnings: string[] = []) =>
    outcomeOf(context, open, proposal, { isChanged, times, view, warnings })
  if (changes.length === 0) {
    const times = await checkOnly(context, open, ifNothingToDo?.check)
    return { ...ended(false, times), notes: ifNothingToDo && [ifNothingToDo.note] }
  }
  if (!isDryRun) refuseIfHeld(context, open, proposal.verb)
  if (isDryRun || !(await confirm(context, open))) {
    return { ...ended(false, []), notes: ['Nothing was changed.'] }
  }
  const run = await runPlan(context, open, {
    ...{ verb: proposal.verb, changes, buildContext },
    fallback: proposal.fallback,
    measured: proposal.measured,
  })
  for (const line of run.warnings) context.terminal.err(`Warning: ${line}.\n`)
  if (run.error !== undefined) return failed(proposal, run)
  return { ...ended(true, run.times, run.warnings), notes: [...(generatedKey ? [KEY_SHOWN_ONCE] : []), ...next] }
}

/** A plan that is not carried out is the result, and so goes to stdout. */
function showPlan({ options, terminal }: Context, { source = '', warnings }: Proposal, view: PlanView): void {
  const { isDryRun, isJson, host } = options
  const print = isDryRun && !isJson ? terminal.out : terminal.err
  const lines = planLines(view)
  if (lines.length > 0) print(`On ${host}${source}:\n`)
  for (const line of lines) print(`${line}\n`)
  for (const line of warnings) terminal.err(`Note: ${line}.\n`)
}

/** What a hold keeps nobody from. */
const ALLOWED_ON_HOLD = ['rollback', 'unhold']

function holdWarnings({ facts }: OpenServer, verb: string): string[] {
  return facts.hold === null || verb === 'unhold' ? [] : [describeHold(facts.hold)]
}

/** @throws UserError HELD */
function refuseIfHeld(context: Context, { facts }: OpenServer, verb: string): void {
  if (facts.hold === null || ALLOWED_ON_HOLD.includes(verb)) return
  const next = `when it may be changed again, run: ${commandLine(context, 'unhold')}`
  throw deployError('HELD', describeHold(facts.hold), next)
}

/** Says yes, asks, or refuses to guess. @throws UserError USAGE without a terminal and without --yes */
export async function confirm({ options, terminal }: Context, { questions }: OpenServer): Promise<boolean> {
  if (options.isConfirmed) return true
  if (canAsk(terminal)) return questions.confirm(`Do this on ${options.host}?`)
  throw deployError(
    'USAGE',
    'this would change the server, and there is no terminal to ask on',
    'run again with --yes, or with --dry-run to see the plan only',
  )
}

/** Sends GET requests only, and takes no lock. An interrupt ends it at once, since there is nothing to undo. */
async function checkOnly(
  { terminal, now }: Context,
  { connection, layout, facts }: OpenServer,
  check: Change<'check-from-outside'> | undefined,
): Promise<StepTime[]> {
  if (check === undefined) return []
  const { signal } = new AbortController()
  const reader = { actor: '', verb: '', warn: () => {} }
  const server = { host: connection.host, layout, facts, buildContext: [], signal, now, ...reader, measured: {} }
  return runSteps(stepsOf([check], server, new UndoStack()), terminal)
}

interface Ending {
  isChanged: boolean
  times: StepTime[]
  /** What was, or with --dry-run would be, changed. */
  view: PlanView
  /** Of the run. */
  warnings: string[]
}

function outcomeOf(
  { options }: Context,
  { connection, facts, times: before }: OpenServer,
  { changes, url, warnings, generatedKey }: Proposal,
  { isChanged, times, view, warnings: ofRun }: Ending,
): Outcome {
  const key = isChanged && generatedKey ? generatedKey : undefined
  return {
    isDryRun: options.isDryRun,
    result: {
      changed: isChanged,
      url,
      release: releaseAfter(changes, facts.live),
      changes: view.entries.map(({ says }) => says),
      plan: view,
      api_key: key,
      ...connection.host.counts,
      steps: [...before, ...times],
    },
    warnings: [...warnings, ...ofRun],
    lines: isChanged || changes.length === 0 ? [url, ...keyLines(key)] : [],
  }
}

/** Once the change stands a key that was made is shown, even if a later check failed: it cannot be shown again. */
function failed({ verb, generatedKey }: Proposal, { error, isSettled }: PlanResult): Outcome {
  const shown = toUserError(error, 'ai-deploy', verb)
  if (!isSettled || !generatedKey) return { error: shown }
  return { error: shown, result: { api_key: generatedKey }, lines: keyLines(generatedKey), notes: [KEY_SHOWN_ONCE] }
}

function keyLines(key: string | undefined): string[] {
  return key === undefined ? [] : [`API_KEY=${key}`]
}

function releaseAfter(changes: readonly Change[], live: string | null): string | null {
  const instance = changes.find((change) => change.kind === 'switch')?.instance ?? live
  return instance === null ? null : releaseOf(instance)
}
