import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { isHelpShown } from '../kit/cli/command-errors.ts'
import { addCompletion } from '../kit/cli/completion/add-completion.ts'
import { printFailure } from '../kit/cli/json-envelope.ts'
import { renderError } from '../kit/cli/render-error.ts'
import { errColors, type Terminal } from '../kit/cli/terminal.ts'
import { packageVersion } from '../kit/package-root.ts'
import { loadEnvironment } from '../kit/settings/environment.ts'
import { EXIT_USAGE } from '../kit/user-error.ts'
import type { CommandContext } from './command-line/context.ts'
import { addExamples } from './command-line/options.ts'
import { userFacing } from './command-line/user-facing-error.ts'
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
import { logdbError } from './errors.ts'
import { readSettings } from './settings.ts'

type AddCommand = (program: Command, context: CommandContext) => void

/** By the headings under which --help lists them. */
const COMMANDS: Record<string, AddCommand[]> = {
  'Fill the database:': [addIngest, addConvert, addInit],
  'Find and read:': [addSearch, addShow, addStats, addQuery],
  'Index and group:': [addFts, addDialogs],
  'Remove and archive:': [addForget, addRetain, addSeal],
  'Check:': [addAudit, addErrors, addVerify],
}

/** Runs one command line (without the program's name) and returns the exit code. */
export async function main(args: string[], terminal: Terminal): Promise<number> {
  const program = new Command('logdb')
  /** What --quiet holds back unless something is wrong. */
  const held: string[] = []
  const state = { exitCode: 0, isQuiet: false }
  const context = contextOf(program, terminal, state)
  describe(program, terminal)
  program.hook('preAction', (_, command) => {
    state.isQuiet = command.opts<{ quiet?: true }>().quiet ?? false
    if (state.isQuiet) context.terminal = silenced(terminal, held)
  })
  addCommands(program, context)
  try {
    checkVerb(program, args)
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    state.exitCode = report(error, { program, args, terminal })
  }
  if (state.exitCode !== 0) for (const text of held) terminal.out(text)
  return state.exitCode
}

interface RunState {
  exitCode: number
  isQuiet: boolean
}

function contextOf(program: Command, terminal: Terminal, state: RunState): CommandContext {
  const { cwd, env } = terminal
  return {
    terminal,
    settings: () => {
      const { dotenv } = program.opts<{ dotenv: boolean }>()
      return readSettings(loadEnvironment({ cwd, env, dotenv }))
    },
    resolve: (path) => resolve(cwd, path),
    note: (text) => {
      if (!state.isQuiet) terminal.err(`${text}\n`)
    },
    exitWith: (code) => {
      state.exitCode = code
    },
  }
}

function describe(program: Command, { out, err }: Terminal): void {
  program
    .description('Store, index and search the logs of LLM requests in SQLite')
    .version(packageVersion())
    .option('--no-dotenv', 'do not read ./.env')
    .configureOutput({ writeOut: out, writeErr: err, outputError: () => {} })
    .exitOverride()
  addExamples(program, [
    'logdb ingest',
    'logdb search "rate limit" --since 2025-09-01 --status 5xx',
    'logdb query "SELECT model_original, COUNT(*) FROM requests GROUP BY 1"',
  ])
  program.addHelpText('after', '\nExit codes, environment, tables and SQL: docs/logdb.md')
}

function addCommands(program: Command, context: CommandContext): void {
  for (const [heading, commands] of Object.entries(COMMANDS)) {
    program.commandsGroup(heading)
    for (const add of commands) add(program, context)
  }
  program.commandsGroup('Other:')
  addCompletion(program, (text) => context.terminal.out(text))
  const help = new Command('help').argument('[command]').description('Print the help of a command')
  program.addHelpCommand(help.helpGroup('Other:'))
}

/** The same terminal without data, which goes to `held`, and without progress. */
function silenced(terminal: Terminal, held: string[]): Terminal {
  return Object.create(terminal, {
    out: { value: (text: string) => held.push(text) },
    isErrTty: { value: false },
  })
}

/** For an unknown verb commander prints help or suggests a similar one; `forget` for `merge` would be dangerous. */
function checkVerb(program: Command, args: string[]): void {
  const verb = args.find((arg) => !arg.startsWith('-'))
  if (verb === undefined || verb === 'help' || program.commands.some((command) => command.name() === verb)) return
  throw logdbError('USAGE', `unknown command '${verb}'`, 'see logdb --help')
}

/** Prints an error and returns its exit code. */
function report(error: unknown, run: { program: Command; args: string[]; terminal: Terminal }): number {
  const { program, args, terminal } = run
  if (isHelpShown(error)) return 0
  if (error instanceof CommanderError && error.code === 'commander.help') return EXIT_USAGE
  const verb = verbOf(program, args)
  const shown = userFacing(error, verb)
  if (wantsJson(args)) printFailure(terminal, { verb, error: shown })
  terminal.err(renderError(shown, errColors(terminal)))
  return shown.exitCode
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

function wantsJson(args: string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? undefined : end).includes('--json')
}
