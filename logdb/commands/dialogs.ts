import { type Command, Option } from 'commander'
import type { Terminal } from '../../kit/cli/terminal.ts'
import { type CommandContext, changeOf } from '../command-line/context.ts'
import { end, endDisabled, noteIfEmpty } from '../command-line/ending.ts'
import { addExamples, addOptions, CHANGE_OF_DAYS, checkDays, type Flags } from '../command-line/options.ts'
import { skipping } from '../command-line/skipped-partitions.ts'
import type { DialogCount, Grouping } from '../verbs/dialogs/assign.ts'

const DISABLED = 'Dialogs disabled by LOGDB_GROUPING_ENABLED'

interface AssignFlags extends Flags {
  by: Grouping['by']
  window?: string
}

export function addDialogs(program: Command, context: CommandContext): void {
  const dialogs = program.command('dialogs').description('Group requests into dialogs')
  addExamples(dialogs, ['logdb dialogs assign', 'logdb dialogs clear --since 2025-09-01'])
  const assigning = dialogs
    .command('assign')
    .description('Assign dialogs, except where the client sent X-Dialog-Id')
    .optionsGroup('How to group:')
    .addOption(
      new Option('--by <rule>', 'window: no longer pause; prefix: a request starts with the messages of another')
        .choices(['window', 'prefix'])
        .default('window'),
    )
    .option('--window <time>', 'longest pause within a dialog, like 45s, 30m or 2h (default: 30m)')
    .optionsGroup('Options:')
  addOptions(assigning, CHANGE_OF_DAYS).action((flags: AssignFlags) => assign(flags, context))
  addExamples(assigning, ['logdb dialogs assign --window 15m', 'logdb dialogs assign --by prefix --since 2025-09-01'])
  const clearing = dialogs.command('clear').description('Remove the assigned dialogs')
  addOptions(clearing, CHANGE_OF_DAYS).action((flags: Flags) => clear(flags, context))
  addExamples(clearing, ['logdb dialogs clear --since 2025-09-01'])
}

async function assign(flags: AssignFlags, context: CommandContext): Promise<void> {
  const verb = 'dialogs assign'
  if (!isEnabled(verb, flags, context)) return
  const { assignDialogs } = await import('../verbs/dialogs/assign.ts')
  const grouping: Grouping =
    flags.by === 'prefix' ? { by: 'prefix' } : { by: 'window', windowS: await windowOf(flags, context.terminal) }
  const { since, to } = flags
  await report(
    await assignDialogs({ ...changeOf(flags, context), since, to, grouping }),
    verb,
    'updated',
    flags,
    context,
  )
}

async function clear(flags: Flags, context: CommandContext): Promise<void> {
  const verb = 'dialogs clear'
  if (!isEnabled(verb, flags, context)) return
  const { clearAssignedDialogs } = await import('../verbs/dialogs/assign.ts')
  const { since, to } = flags
  await report(await clearAssignedDialogs({ ...changeOf(flags, context), since, to }), verb, 'cleared', flags, context)
}

function isEnabled(verb: string, flags: Flags, context: CommandContext): boolean {
  checkDays(flags)
  const { isGroupingEnabled } = context.settings()
  if (!isGroupingEnabled) endDisabled(context, flags, { verb, line: DISABLED })
  return isGroupingEnabled
}

/** As in the predecessor, the default replaces a text that is not a time. */
async function windowOf({ window }: AssignFlags, { err }: Terminal): Promise<number> {
  const { DEFAULT_WINDOW_S, parseWindow } = await import('../verbs/dialogs/window.ts')
  const windowS = window === undefined ? DEFAULT_WINDOW_S : parseWindow(window)
  if (windowS === undefined) err(`--window ${window} is not a time like 45s, 30m or 2h: ${DEFAULT_WINDOW_S}s is used\n`)
  return windowS ?? DEFAULT_WINDOW_S
}

async function report(
  counts: DialogCount[],
  verb: string,
  done: 'updated' | 'cleared',
  flags: Flags,
  context: CommandContext,
): Promise<void> {
  const { damagesOf } = await import('../verbs/dialogs/assign.ts')
  const damaged = damagesOf(counts)
  end(context, flags, {
    verb,
    isDryRun: flags.dryRun ?? false,
    result: counts.map(({ path, rows }) => ({ path, [done]: rows })),
    ...skipping(damaged, context.terminal),
    print: () => {
      for (const { path, rows } of counts) context.terminal.out(`${path} ${done}=${rows}\n`)
    },
    notes: noteIfEmpty(context, flags.out),
  })
}
