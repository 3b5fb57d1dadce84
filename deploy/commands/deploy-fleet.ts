import { toUserError } from '../../kit/cli/command-errors.ts'
import { canAsk, type Terminal } from '../../kit/cli/terminal.ts'
import { UserError } from '../../kit/user-error.ts'
import { deployError } from '../errors.ts'
import type { Context } from '../session/context.ts'
import { questionsOn } from '../session/prompts.ts'
import { commandLine } from '../session/shown/command-line.ts'
import type { Outcome } from '../session/shown/report.ts'
import { deploy } from './deploy.ts'
import { rollback } from './rollback.ts'

type State = 'planned' | 'unchanged' | 'changed' | 'failed' | 'not begun' | 'rolled back'

/** One server and how far it has come. */
interface Member {
  context: Context
  state: State
  outcome?: Outcome
}

/**
 * Deploys to several servers: shows all plans, asks once, and makes them one after another. It stops at the first failure, and
 * offers to roll back those that were changed.
 */
export async function deployFleet(contexts: readonly Context[]): Promise<Outcome> {
  const members: Member[] = contexts.map((context) => ({ context, state: 'not begun' }))
  const broken = await planAll(members)
  const [first] = contexts
  if (first === undefined || broken !== undefined) return ending(members, broken && nothingDone(broken))
  if (first.options.isDryRun) return { ...ending(members), isDryRun: true, notes: ['Nothing was changed.'] }
  if (!(await confirmAll(first, members))) return { ...ending(members), notes: ['Nothing was changed.'] }
  for (const member of members) {
    const { context } = member
    context.terminal.err(`==> ${context.options.host}\n`)
    member.outcome = await caught(deploy(confirmed(context)))
    member.state = stateOf(member.outcome)
    if (member.state === 'failed') return failed(members, member)
  }
  return ending(members)
}

/** @returns the first that cannot be planned */
async function planAll(members: readonly Member[]): Promise<Member | undefined> {
  for (const member of members) {
    const { context } = member
    const { options, terminal } = context
    const shown = options.isDryRun ? terminal : planTerminal(terminal)
    member.outcome = await caught(deploy({ ...context, terminal: shown, options: { ...options, isDryRun: true } }))
    for (const note of member.outcome.notes ?? []) {
      if (note !== 'Nothing was changed.') terminal.err(`${options.host}: ${note}\n`)
    }
    member.state = member.outcome.error === undefined ? 'planned' : 'failed'
    if (member.outcome.error !== undefined) return member
  }
  return undefined
}

/** The plans are shown before a question here, and are not the result. */
function planTerminal(terminal: Terminal): Terminal {
  return Object.create(terminal, { out: { value: (text: string) => terminal.err(text) } })
}

/** @throws UserError USAGE without a terminal and without --yes */
async function confirmAll({ options, terminal }: Context, members: readonly Member[]): Promise<boolean> {
  if (options.isConfirmed) return true
  if (canAsk(terminal)) return questionsOn(terminal).confirm(`Do this on ${namesOf(members)}, one after another?`)
  const hint = 'run again with --yes, or with --dry-run to see the plans only'
  throw deployError('USAGE', 'this would change the servers, and there is no terminal to ask on', hint)
}

function confirmed(context: Context): Context {
  return { ...context, options: { ...context.options, isConfirmed: true } }
}

/** One server that fails is a result too. */
async function caught(outcome: Promise<Outcome>): Promise<Outcome> {
  return outcome.catch((error) => ({ error: toUserError(error, 'ai-deploy', 'deploy') }))
}

function stateOf({ error, result = {} }: Outcome): State {
  if (error !== undefined) return 'failed'
  return 'changed' in result && result.changed === true ? 'changed' : 'unchanged'
}

/** Those that are changed can go back; the one that failed has taken back what it began. */
async function failed(members: readonly Member[], broken: Member): Promise<Outcome> {
  const done = members.filter(({ state }) => state === 'changed')
  const { options, terminal } = broken.context
  const question = `Roll back ${namesOf(done)}, which ${done.length === 1 ? 'was' : 'were'} changed?`
  const mayAsk = done.length > 0 && !options.isConfirmed && broken.outcome?.error?.code !== 'INTERRUPTED'
  const isWanted = mayAsk && (await questionsOn(terminal).confirmNot(question))
  const notes: string[] = []
  for (const member of isWanted ? done.toReversed() : []) {
    const outcome = await caught(rollback(confirmed(member.context)))
    if (outcome.error === undefined) member.state = 'rolled back'
    else notes.push(`${member.context.options.host} was not rolled back: ${outcome.error.message}.`)
  }
  const left = done.filter(({ state }) => state === 'changed')
  const lines = left.map(({ context }) => `  ${commandLine(context, '--rollback')}`)
  if (lines.length > 0) notes.push('To roll back those that were changed:', ...lines)
  return { ...ending(members, errorOf(broken)), notes }
}

function ending(members: readonly Member[], error?: UserError): Outcome {
  return {
    result: { hosts: members.map(resultOf) },
    lines: members.map(lineOf),
    error,
  }
}

function resultOf({ context, state, outcome }: Member): object {
  const { code, message } = outcome?.error ?? {}
  const { changed: _changed, ...facts } = { changed: undefined, ...outcome?.result }
  return { host: context.options.host, state, ...(code !== undefined && { error: { code, message } }), ...facts }
}

/** For people: each server on a line, with the key that was made for it. */
function lineOf({ context, state, outcome }: Member): string {
  const why = outcome?.error === undefined ? '' : `: ${outcome.error.message.split('\n')[0]}`
  const more = state === 'changed' || state === 'unchanged' ? (outcome?.lines ?? []) : []
  return [`${context.options.host}  ${state}${why}`, ...more].join('  ')
}

function errorOf({ context, outcome }: Member): UserError | undefined {
  const error = outcome?.error
  if (error === undefined) return undefined
  const { code, message, hint, exitCode } = error
  return new UserError(code, `${context.options.host}: ${message}`, { hint, exitCode })
}

function nothingDone(member: Member): UserError | undefined {
  const error = errorOf(member)
  if (error === undefined) return undefined
  const { code, message, hint, exitCode } = error
  return new UserError(code, `${message}\nNo server was changed.`, { hint, exitCode })
}

function namesOf(members: readonly Member[]): string {
  const names = members.map(({ context }) => context.options.host)
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : `${names[0]}`
}
