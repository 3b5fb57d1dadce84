#!/usr/bin/env node
import { isHelpShown, toUserError } from '../kit/cli/command-errors.ts'
import { type ProcessTerminal, processTerminal } from '../kit/cli/process-terminal.ts'
import { loadCheckedEnvironment } from '../kit/gateway-config/checked-environment.ts'
import { makeProgram } from './commands/program.ts'
import { DEPLOY_ERRORS } from './errors.ts'
import { type Flags, readOptions } from './local/options.ts'
import type { Context } from './session/context.ts'
import { type Outcome, report } from './session/report.ts'

const PROGRAM = 'ai-deploy'

async function main(args: string[], terminal: ProcessTerminal): Promise<number> {
  let exitCode = 0
  const run = async (flags: Flags) => {
    const outcome = await runAction(flags, contextOf(flags, terminal))
    exitCode = report(terminal, verbOf(args), flags.json ?? false, outcome)
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

function contextOf(flags: Flags, terminal: ProcessTerminal): Context {
  const { cwd, env } = terminal
  const environment = loadCheckedEnvironment({ cwd, env, dotenv: flags.dotenv })
  return { options: readOptions(flags, env, environment, cwd), terminal, now: new Date() }
}

/** Each action is loaded only when it is used, so that --help is quick. */
async function runAction(flags: Flags, context: Context): Promise<Outcome> {
  if (flags.listBackups) return (await import('./commands/list-backups.ts')).listBackups(context)
  if (flags.rollback) return (await import('./commands/rollback.ts')).rollback(context)
  if (flags.restoreBackup !== undefined) {
    const { restoreBackup } = await import('./commands/restore-backup.ts')
    return restoreBackup(context, { file: flags.restoreBackup, includesCerts: flags.includeCerts ?? false })
  }
  return (await import('./commands/deploy.ts')).deploy(context)
}

/** The name of the action in JSON, also for a command line that cannot be read. */
function verbOf(args: string[]): string {
  if (args[0] === 'completion') return args[0]
  const verbs = ['rollback', 'list-backups', 'restore-backup']
  return verbs.find((verb) => args.some((arg) => arg === `--${verb}` || arg.startsWith(`--${verb}=`))) ?? 'deploy'
}

/** While the server is being changed, the first interrupt undoes what was begun; any other ends at once. */
function handleInterrupts(terminal: ProcessTerminal): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!terminal.isSignalRead || terminal.signal.aborted) process.exit(DEPLOY_ERRORS.INTERRUPTED.exitCode)
      terminal.err('Interrupted: undoing what was begun. Press Ctrl-C again to end at once.\n')
    })
  }
}

const terminal = processTerminal(process)
handleInterrupts(terminal)
process.exit(await main(process.argv.slice(2), terminal))
