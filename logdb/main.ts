import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { isHelpShown } from '../kit/cli/command-errors.ts'
import { printFailure } from '../kit/cli/json-envelope.ts'
import { renderError } from '../kit/cli/render-error.ts'
import { errColors, type Terminal } from '../kit/cli/terminal.ts'
import { packageVersion } from '../kit/package-root.ts'
import { loadEnvironment } from '../kit/settings/environment.ts'
import { EXIT_USAGE } from '../kit/user-error.ts'
import type { CommandContext } from './command-line/context.ts'
import { addExamples } from './command-line/options.ts'
import { userFacing } from './command-line/user-facing-error.ts'
import { logdbError } from './error-table.ts'
import { readSettings } from './settings.ts'

type AddCommand = (program: Command, context: CommandContext) => void

interface CommandModule {
  verbs: string[]
  load(): Promise<AddCommand>
}

/** By the headings under which --help lists them. */
const COMMANDS: Record<string, CommandModule[]> = {
  'Fill the database:': [
    { verbs: ['ingest'], load: async () => (await import('./commands/ingest.ts')).addIngest },
    { verbs: ['convert'], load: async () => (await import('./commands/convert.ts')).addConvert },
    { verbs: ['init'], load: async () => (await import('./commands/init.ts')).addInit },
  ],
  'Find and read:': [
    { verbs: ['search'], load: async () => (await import('./commands/search.ts')).addSearch },
    { verbs: ['show', 'dialog'], load: async () => (await import('./commands/show.ts')).addShow },
    { verbs: ['stats'], load: async () => (await import('./commands/stats.ts')).addStats },
    { verbs: ['query'], load: async () => (await import('./commands/query.ts')).addQuery },
  ],
  'Index and group:': [
    { verbs: ['fts'], load: async () => (await import('./commands/fts.ts')).addFts },
    { verbs: ['dialogs'], load: async () => (await import('./commands/dialogs.ts')).addDialogs },
  ],
  'Remove and archive:': [
    { verbs: ['forget'], load: async () => (await import('./commands/forget.ts')).addForget },
    { verbs: ['retain'], load: async () => (await import('./commands/retain.ts')).addRetain },
    { verbs: ['reapply'], load: async () => (await import('./commands/reapply.ts')).addReapply },
    { verbs: ['seal'], load: async () => (await import('./commands/seal.ts')).addSeal },
  ],
  'Check:': [
    { verbs: ['audit'], load: async () => (await import('./commands/audit.ts')).addAudit },
    { verbs: ['errors'], load: async () => (await import('./commands/errors.ts')).addErrors },
    { verbs: ['verify'], load: async () => (await import('./commands/verify.ts')).addVerify },
  ],
  'Other:': [{ verbs: ['completion'], load: loadCompletion }],
}
const VERBS = Object.values(COMMANDS).flatMap((modules) => modules.flatMap(({ verbs }) => verbs))

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
  try {
    await addCommands(program, context, args)
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

/** Only the verb that was typed, because every module that is loaded delays it; all of them for help and completion. */
async function addCommands(program: Command, context: CommandContext, args: string[]): Promise<void> {
  const typed = args.find((arg) => !arg.startsWith('-'))
  const needsAll = typed === undefined || typed === 'help' || typed === 'completion'
  // For an unknown verb commander prints help or suggests a similar one; `forget` for `merge` would be dangerous.
  if (!needsAll && !VERBS.includes(typed)) throw logdbError('USAGE', `unknown command '${typed}'`, 'see logdb --help')
  for (const [heading, modules] of Object.entries(COMMANDS)) {
    program.commandsGroup(heading)
    for (const { verbs, load } of modules) {
      if (needsAll || verbs.includes(typed)) (await load())(program, context)
    }
  }
  const help = new Command('help').argument('[command]').description('Print the help of a command')
  program.addHelpCommand(help.helpGroup('Other:'))
}

async function loadCompletion(): Promise<AddCommand> {
  const { addCompletion } = await import('../kit/cli/completion/add-completion.ts')
  return (program, context) => addCompletion(program, (text) => context.terminal.out(text))
}

/** The same terminal without data, which goes to `held`, and without progress. */
function silenced(terminal: Terminal, held: string[]): Terminal {
  return Object.create(terminal, {
    out: { value: (text: string) => held.push(text) },
    isErrTty: { value: false },
  })
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
