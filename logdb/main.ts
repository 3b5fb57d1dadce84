import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { packageVersion } from '../kit/package-root.ts'
import { loadEnvironment } from '../kit/settings/environment.ts'
import { EXIT_USAGE } from '../kit/user-error.ts'
import type { CommandContext } from './command-line/context.ts'
import { usageError, userFacing } from './command-line/user-facing-error.ts'
import { addAudit } from './commands/audit.ts'
import { addConvert } from './commands/convert.ts'
import { addDialogs } from './commands/dialogs.ts'
import { addErrors } from './commands/errors.ts'
import { addForget } from './commands/forget.ts'
import { addFts } from './commands/fts.ts'
import { addIngest } from './commands/ingest.ts'
import { addInit } from './commands/init.ts'
import { addQuery } from './commands/query.ts'
import { addRetain } from './commands/retain.ts'
import { addSeal } from './commands/seal.ts'
import { addSearch } from './commands/search.ts'
import { addShow } from './commands/show.ts'
import { addStats } from './commands/stats.ts'
import { addVerify } from './commands/verify.ts'
import { readSettings } from './settings.ts'
import { linesWithoutControls, printError, type Terminal } from './terminal.ts'

const COMMANDS = [
  addInit,
  addIngest,
  addSearch,
  addFts,
  addShow,
  addStats,
  addQuery,
  addDialogs,
  addForget,
  addRetain,
  addAudit,
  addErrors,
  addVerify,
  addSeal,
  addConvert,
]

/** Runs one command line (without the program's name) and returns the exit code. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const program = new Command('logdb')
  /** What --quiet holds back for as long as all goes well. */
  const held: string[] = []
  let exitCode = 0
  let isQuiet = false
  const context: CommandContext = {
    terminal,
    settings: () =>
      readSettings(loadEnvironment({ cwd: terminal.cwd, env: terminal.env, dotenv: usesDotenv(program) })),
    resolve: (path) => resolve(terminal.cwd, path),
    note: (text) => {
      if (!isQuiet) terminal.err(`${text}\n`)
    },
    exitWith: (code) => {
      exitCode = code
    },
  }
  describe(program, terminal)
  program.hook('preAction', (_, command) => {
    isQuiet = command.opts<{ quiet?: true }>().quiet ?? false
    if (isQuiet) context.terminal = silenced(terminal, held)
  })
  for (const add of COMMANDS) add(program, context)
  try {
    checkVerb(program, args)
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    exitCode = report(error, { program, args, terminal })
  }
  if (exitCode !== 0) for (const text of held) terminal.out(text)
  return exitCode
}

function describe(program: Command, { out, err }: Terminal): void {
  program
    .description('Store, index and search the logs of LLM requests in SQLite')
    .version(packageVersion())
    .option('--no-dotenv', 'do not read ./.env')
    .configureOutput({ writeOut: out, writeErr: err, outputError: () => {} })
    .addHelpText('after', '\nExit codes, environment, tables and SQL: docs/logdb.md')
    .exitOverride()
}

const usesDotenv = (program: Command) => program.opts<{ dotenv: boolean }>().dotenv

/** The same without data, which goes to `held`, and without progress. */
function silenced(terminal: Terminal, held: string[]): Terminal {
  return Object.create(terminal, {
    out: { value: (text: string) => held.push(text) },
    isErrTTY: { value: false },
  })
}

/** Of a verb that there is not, commander would show some help, or suggest one that is spelt alike, like `forget` for `merge`. */
function checkVerb(program: Command, args: string[]): void {
  const verb = args.find((arg) => !arg.startsWith('-'))
  if (verb === undefined || verb === 'help' || program.commands.some((command) => command.name() === verb)) return
  throw usageError(`unknown command '${verb}'`, 'logdb --help')
}

/** Prints an error, and returns the exit code that it has. */
function report(error: unknown, run: { program: Command; args: string[]; terminal: Terminal }): number {
  const { program, args, terminal } = run
  if (error instanceof CommanderError && error.exitCode === 0) return 0
  if (error instanceof CommanderError && error.code === 'commander.help') return EXIT_USAGE
  const verb = verbOf(program, args)
  const told = userFacing(error, verb)
  if (wantsJson(args)) printError(terminal, verb, told)
  terminal.err(linesWithoutControls(`✖ ${told.message}\nHint: ${told.hint}\n`))
  return told.exitCode
}

/** `fts build` of a command line that begins with it, as far as it is known. */
function verbOf(program: Command, args: string[]): string {
  let command = program
  const names: string[] = []
  for (const arg of args.filter((one) => !one.startsWith('-'))) {
    const next = command.commands.find((one) => one.name() === arg)
    if (!next) break
    command = next
    names.push(arg)
  }
  return names.join(' ')
}

const wantsJson = (args: string[]) =>
  args.slice(0, args.includes('--') ? args.indexOf('--') : undefined).includes('--json')
