import { join } from 'node:path'
import { isHelpShown, toUserError } from '../kit/cli/command-errors.ts'
import type { Terminal } from '../kit/cli/terminal.ts'
import { readTextIfPresent } from '../kit/files.ts'
import { loadCheckedEnvironment } from '../kit/gateway-config/checked-environment.ts'
import { parseDotenv } from '../kit/settings/dotenv.ts'
import type { Environment } from '../kit/settings/environment.ts'
import { UserError } from '../kit/user-error.ts'
import { makeProgram } from './commands/program.ts'
import { VERB_NAMES, type Verb } from './commands/verbs.ts'
import { deployError } from './errors.ts'
import { type Flags, readOptions } from './local/options.ts'
import { flagsByTarget } from './local/targets.ts'
import type { Context } from './session/context.ts'
import { type Outcome, report } from './session/shown/report.ts'

export const PROGRAM = 'ai-deploy'

interface Start {
  terminal: Terminal
  /** How to call the program again. */
  program: string
}

/** Runs the program with this command line. @returns exit code */
export async function main(args: string[], start: Start): Promise<number> {
  const { terminal } = start
  let exitCode = 0
  const run = async (flags: Flags, verb?: Verb) => {
    const outcome = await runOnTargets(verb, flags, start)
    exitCode = report(terminal, verb?.name ?? verbOf(args), flags.json ?? false, outcome)
  }
  try {
    await makeProgram(run, terminal.out).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (isHelpShown(error)) return 0
    const command = args[0] === 'completion' ? args[0] : ''
    return report(terminal, verbOf(args), args.includes('--json'), { error: toUserError(error, PROGRAM, command) })
  }
}

/** On the server that is meant; a deploy, or the plan of one, on several. */
async function runOnTargets(verb: Verb | undefined, flags: Flags, start: Start): Promise<Outcome> {
  const { cwd, env } = start.terminal
  checkBuild(flags, verb)
  const dotenv = flags.dotenv ? parseDotenv(readTextIfPresent(join(cwd, '.env')) ?? '').values : {}
  const [only, ...others] = await flagsByTarget(flags, { DEPLOY_HOST: dotenv['DEPLOY_HOST'], ...env }, cwd)
  if (only !== undefined && others.length === 0) {
    return verb ? runVerb(verb, only, start) : runAction(only, contextOf(only, start))
  }
  if (only !== undefined && verb?.name === 'logs pull') {
    const contexts = [only, ...others].map((one) => contextOf(one, start, verb))
    return (await import('./commands/logs-pull/pull-logs.ts')).pullLogs(contexts, flags.to)
  }
  if (only === undefined || !isDeploy(flags) || (verb !== undefined && verb.name !== 'plan')) {
    throw deployError('USAGE', 'only a deploy and logs pull work with several servers', 'name one: --host SERVER')
  }
  const all = [only, ...others].map((one) => contextOf(verb ? { ...one, dryRun: true } : one, start))
  return (await import('./commands/deploy-fleet.ts')).deployFleet(all)
}

function isDeploy(flags: Flags): boolean {
  return !flags.rollback && !flags.listBackups && flags.restoreBackup === undefined
}

/** @throws UserError USAGE where no release is made of the files here */
function checkBuild(flags: Flags, verb?: Verb): void {
  const isWithDeploy = isDeploy(flags) && (verb === undefined || verb.name === 'plan' || verb.name === 'adopt')
  if (flags.build === undefined || isWithDeploy) return
  throw deployError('USAGE', '--build works only with a deploy, plan and adopt', 'leave it out')
}

function contextOf(flags: Flags, { terminal, program }: Start, verb?: Verb): Context {
  const { cwd, env } = terminal
  const needsOnlyServer = verb !== undefined || Boolean(flags.rollback) || Boolean(flags.listBackups)
  const environment = needsOnlyServer
    ? loadLenientEnvironment(flags, terminal)
    : loadCheckedEnvironment({ cwd, env, dotenv: flags.dotenv })
  return { options: readOptions(flags, env, environment, cwd), terminal, now: new Date(), program }
}

/** What only names the server works with a .env that has mistakes: DEPLOY_HOST and DEPLOY_PATH are all that it needs. */
function loadLenientEnvironment({ dotenv }: Flags, { cwd, env, err }: Terminal): Environment {
  try {
    return loadCheckedEnvironment({ cwd, env, dotenv })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    err(`Note: ${error.message.split('\n')[0]}; only DEPLOY_HOST and DEPLOY_PATH of ./.env are used.\n`)
    const { DEPLOY_HOST, DEPLOY_PATH } = parseDotenv(readTextIfPresent(join(cwd, '.env')) ?? '').values
    return { DEPLOY_HOST, DEPLOY_PATH, ...env }
  }
}

/** Each action is loaded only when it is used, so that --help is quick. */
async function runAction(flags: Flags, context: Context): Promise<Outcome> {
  if (flags.listBackups) return (await import('./commands/list-backups.ts')).listBackups(context)
  if (flags.rollback) {
    const id = flags.rollback === true ? undefined : flags.rollback
    return (await import('./commands/rollback.ts')).rollback(context, id)
  }
  if (flags.restoreBackup !== undefined) {
    const { restoreBackup } = await import('./commands/restore-backup.ts')
    return restoreBackup(context, {
      file: flags.restoreBackup,
      includesCerts: flags.includeCerts ?? false,
      includesLogs: flags.includeLogs ?? false,
      keepsDomain: flags.keepDomain ?? false,
    })
  }
  return (await import('./commands/deploy.ts')).deploy(context)
}

async function runVerb(verb: Verb, flags: Flags, start: Start): Promise<Outcome> {
  const { name, words } = verb
  if (!isDeploy(flags)) {
    throw deployError('USAGE', `${name} cannot be used with another action`, 'see ai-deploy --help')
  }
  if (name === 'backup list') return runAction({ ...flags, listBackups: true }, contextOf(flags, start, verb))
  if (name === 'backup restore') {
    const restore = { ...flags, restoreBackup: words[0] ?? '' }
    return runAction(restore, contextOf(restore, start))
  }
  if (name === 'plan') return runAction({ ...flags, dryRun: true }, contextOf({ ...flags, dryRun: true }, start))
  const context = contextOf(flags, start, verb)
  const { VERB_ACTIONS } = await import('./commands/verb-actions.ts')
  return VERB_ACTIONS[name](context, words, flags)
}

function indexOfWords(args: readonly string[], words: readonly string[]): number {
  return args.findIndex((_, index) => words.every((word, offset) => args[index + offset] === word))
}

/** The name of the action in JSON, also for a command line that cannot be read. */
function verbOf(args: string[]): string {
  if (args[0] === 'completion') return args[0]
  const [first] = VERB_NAMES.map((name) => ({ name, at: indexOfWords(args, name.split(' ')) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at || b.name.length - a.name.length)
  if (first !== undefined) return first.name
  const verbs = ['rollback', 'list-backups', 'restore-backup']
  return verbs.find((verb) => args.some((arg) => arg === `--${verb}` || arg.startsWith(`--${verb}=`))) ?? 'deploy'
}
