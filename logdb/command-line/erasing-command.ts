import { type Command, Option } from 'commander'
import { logdbError } from '../error-table.ts'
import type { ChangeOptions } from '../store/folder/lease.ts'
import type { DamagedPartition } from '../store/sqlite/damage.ts'
import { type CommandContext, changeOf } from './context.ts'
import { end } from './ending.ts'
import { addOptions, DRY_RUN, type Flags, OUT, REPORT, WAIT } from './options.ts'
import { skipping } from './skipped-partitions.ts'

export interface ErasingFlags extends Flags {
  yes?: true
}

/** What a command that removes something found, and removed unless it was a dry run. */
export interface Erased {
  /** What would be removed, as `3 requests would be removed`; undefined if --yes is not needed. */
  question: string | undefined
  /** For --json. */
  result: unknown
  /** Without --json, a line each. */
  lines: string[]
  notes: string[]
  /** Paths of databases of the predecessor that still hold some of it. */
  oldDatabases: string[]
  /** Partitions that could not be read. */
  damaged: readonly DamagedPartition[]
  warnings: string[]
}

/** Adds what `forget` and `retain` have in common: they remove something permanently, and only with --yes. */
export function addErasing<Own extends ErasingFlags>(
  command: Command,
  context: CommandContext,
  erase: (flags: Own, change: ChangeOptions) => Promise<Erased>,
): Command {
  addOptions(command, OUT, WAIT).addOption(new Option('--yes', 'do it; without this nothing is changed'))
  return addOptions(command, DRY_RUN, REPORT).action((flags: Own) => run(command.name(), flags, context, erase))
}

async function run<Own extends ErasingFlags>(
  verb: string,
  flags: Own,
  context: CommandContext,
  erase: (flags: Own, change: ChangeOptions) => Promise<Erased>,
): Promise<void> {
  const isDryRun = flags.dryRun ?? false
  const isConfirmed = flags.yes === true && !isDryRun
  const erased = await erase(flags, { ...changeOf(flags, context), isDryRun: !isConfirmed })
  if (erased.question !== undefined && !isConfirmed && !isDryRun) throw confirmationMissing(erased.question)
  const { result, lines, notes, damaged } = erased
  const others = [...erased.oldDatabases.map(warningOfOldDatabase), ...erased.warnings]
  const { warnings: skipped, failure } = skipping(damaged, context.terminal)
  const warnings = [...others, ...skipped]
  const print = () => {
    for (const line of lines) context.terminal.out(`${line}\n`)
  }
  end(context, flags, { verb, isDryRun, result, warnings, print, notes: [...notes, ...others], failure })
}

function confirmationMissing(question: string) {
  const message = `${question} permanently; nothing was changed`
  return logdbError('CONFIRMATION_MISSING', message, 'run it again with --yes, or with --dry-run to see where')
}

function warningOfOldDatabase(path: string): string {
  return `${path} is a database of the predecessor. It still holds these requests. Delete it when you no longer need it`
}
