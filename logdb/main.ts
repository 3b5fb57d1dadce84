import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { isHelpShown } from '../kit/cli/command-errors.ts'
import { printFailure } from '../kit/cli/json-envelope.ts'
import { nearest } from '../kit/cli/nearest.ts'
import { renderError } from '../kit/cli/render-error.ts'
import { errColors, type Terminal } from '../kit/cli/terminal.ts'
import { packageVersion } from '../kit/package-root.ts'
import { loadEnvironment } from '../kit/settings/environment.ts'
import { EXIT_USAGE } from '../kit/user-error.ts'
import type { CommandContext } from './command-line/context.ts'
import { addExamples, resolveTimes } from './command-line/options.ts'
import { namedError, namingAs } from './command-line/typed-name.ts'
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
    { verbs: ['auto'], load: async () => (await import('./commands/auto.ts')).addAuto },
    { verbs: ['ingest'], load: async () => (await import('./commands/ingest.ts')).addIngest },
    { verbs: ['convert'], load: async () => (await import('./commands/convert.ts')).addConvert },
    { verbs: ['init'], load: async () => (await import('./commands/init.ts')).addInit },
  ],
  'Find and read:': [
    { verbs: ['list', 'tail'], load: async () => (await import('./commands/list.ts')).addList },
    { verbs: ['search'], load: async () => (await import('./commands/search.ts')).addSearch },
    { verbs: ['show', 'dialog'], load: async () => (await import('./commands/show.ts')).addShow },
    { verbs: ['stats'], load: async () => (await import('./commands/stats.ts')).addStats },
    { verbs: ['ui'], load: async () => (await import('./commands/ui.ts')).addUi },
    { verbs: ['mcp'], load: async () => (await import('./commands/mcp.ts')).addMcp },
    { verbs: ['query'], load: async () => (await import('./commands/query.ts')).addQuery },
    { verbs: ['export'], load: async () => (await import('./commands/export.ts')).addExport },
  ],
  'Index and group:': [
    { verbs: ['fts'], load: async () => (await import('./commands/fts.ts')).addFts },
    { verbs: ['dialogs'], load: async () => (await import('./commands/dialogs.ts')).addDialogs },
  ],
  'Send and receive:': [{ verbs: ['bundle'], load: async () => (await import('./commands/bundle.ts')).addBundle }],
  'Remove and archive:': [
    { verbs: ['forget'], load: async () => (await import('./commands/forget.ts')).addForget },
    { verbs: ['retain'], load: async () => (await import('./commands/retain.ts')).addRetain },
    { verbs: ['reapply'], load: async () => (await import('./commands/reapply.ts')).addReapply },
    { verbs: ['merge'], load: async () => (await import('./commands/merge.ts')).addMerge },
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

const DEFAULT_VERB = 'auto'

/**
 * Runs one command line (without the program's name) and returns the exit code. Without a verb it runs the default one.
 * @param name what the user called the program, for hints
 */
export async function main(typed: string[], ownTerminal: Terminal, name = 'logdb'): Promise<number> {
  const named = namingAs(name, VERBS)
  const terminal = naming(ownTerminal, named)
  const args = typed.every((arg) => arg === '--no-dotenv') ? [...typed, DEFAULT_VERB] : typed
  const program = new Command('logdb')
  /** What --quiet holds back unless something is wrong. */
  const held: string[] = []
  /** What is to be shown in the pager. */
  const pages: string[] = []
  const state: RunState = { exitCode: 0, isQuiet: false, isPaged: false, notes: [] }
  const context = contextOf(program, terminal, state, named)
  describe(program, terminal)
  program.hook('preAction', (_, command) => {
    resolveTimes(command)
    state.isQuiet = command.opts<{ quiet?: true }>().quiet ?? false
    if (state.isQuiet) context.terminal = silenced(terminal, held)
    state.isPaged = isPaged(command, terminal)
    if (state.isPaged) context.terminal = collecting(terminal, pages)
  })
  try {
    await addCommands(program, context, args)
    await program.parseAsync(args, { from: 'user' })
    if (pages.length > 0) terminal.page(pages.join(''))
    for (const note of state.notes) terminal.err(note)
  } catch (error) {
    for (const text of pages) terminal.out(text)
    state.exitCode = report(error, { program, args, terminal, named })
  }
  if (state.exitCode !== 0) for (const text of held) terminal.out(text)
  return state.exitCode
}

interface RunState {
  exitCode: number
  isQuiet: boolean
  isPaged: boolean
  /** Lines that follow what the pager shows. */
  notes: string[]
}

function contextOf(
  program: Command,
  terminal: Terminal,
  state: RunState,
  named: (text: string) => string,
): CommandContext {
  const { cwd, env } = terminal
  const environment = () => {
    const { dotenv } = program.opts<{ dotenv: boolean }>()
    return loadEnvironment({ cwd, env, dotenv })
  }
  return {
    terminal,
    named,
    settings: () => readSettings(environment()),
    environment,
    resolve: (path) => resolve(cwd, path),
    note: (text) => {
      if (state.isQuiet) return
      if (state.isPaged) state.notes.push(`${text}\n`)
      else terminal.err(`${text}\n`)
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
  if (!needsAll && !VERBS.includes(typed)) throw unknownCommand(typed)
  for (const [heading, modules] of Object.entries(COMMANDS)) {
    program.commandsGroup(heading)
    for (const { verbs, load } of modules) {
      if (needsAll || verbs.includes(typed)) (await load())(program, context)
    }
  }
  const help = new Command('help').argument('[command]').description('Print the help of a command')
  program.addHelpCommand(help.helpGroup('Other:'))
}

/** Names what was probably meant only if there is little difference: `forget` for `merge` would be dangerous. */
function unknownCommand(typed: string) {
  const near = nearest(typed, VERBS).map((verb) => `did you mean logdb ${verb}?`)
  const hint = near.length > 0 ? `${near.join(' or ')} All are in logdb --help` : 'see logdb --help'
  return logdbError('USAGE', `unknown command '${typed}'`, hint)
}

async function loadCompletion(): Promise<AddCommand> {
  const { addCompletion } = await import('../kit/cli/completion/add-completion.ts')
  return (program, context) => addCompletion(program, (text) => context.terminal.out(text))
}

/** True if a verb that has a pager shows something to a user who wants one. */
function isPaged(command: Command, { isOutTty, env }: Terminal): boolean {
  const { pager, json } = command.opts<{ pager?: boolean; json?: true }>()
  return pager === true && json === undefined && isOutTty && !env['NO_PAGER']
}

/** The same terminal, whose sentences name the program as the user did. */
function naming(terminal: Terminal, named: (text: string) => string): Terminal {
  return Object.create(terminal, { err: { value: (text: string) => terminal.err(named(text)) } })
}

/** The same terminal, whose data goes to `pages`. */
function collecting(terminal: Terminal, pages: string[]): Terminal {
  return Object.create(terminal, { out: { value: (text: string) => pages.push(text) } })
}

/** The same terminal without data, which goes to `held`, and without progress. */
function silenced(terminal: Terminal, held: string[]): Terminal {
  return Object.create(terminal, {
    out: { value: (text: string) => held.push(text) },
    isErrTty: { value: false },
  })
}

/** Prints an error and returns its exit code. */
function report(
  error: unknown,
  run: { program: Command; args: string[]; terminal: Terminal; named: (text: string) => string },
): number {
  const { program, args, terminal, named } = run
  if (isHelpShown(error)) return 0
  if (error instanceof CommanderError && error.code === 'commander.help') return EXIT_USAGE
  const verb = verbOf(program, args)
  const shown = userFacing(error, verb)
  if (wantsJson(args)) printFailure(terminal, { verb, error: namedError(shown, named) })
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
