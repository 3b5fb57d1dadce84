import { type Command, Option } from 'commander'
import { type CommandContext, NOTHING_CHANGED, noteIfEmpty, reportDisabled } from '../command-line/context.ts'
import { checkDays, type DayOptions, withDays, withOut, withReport, withWait } from '../command-line/options.ts'
import { printReport, type Terminal } from '../terminal.ts'
import type { DialogCount, Grouping } from '../verbs/dialogs/assign.ts'
import { DEFAULT_WINDOW_S, parseWindow } from '../verbs/dialogs/window.ts'

const DISABLED = 'Dialogs disabled by LOGDB_GROUPING_ENABLED'

interface DialogsFlags extends DayOptions {
  out: string
  dryRun?: true
  /** Milliseconds. */
  wait?: number
  json?: true
}

interface AssignFlags extends DialogsFlags {
  by: Grouping['by']
  window?: string
}

export function addDialogs(program: Command, context: CommandContext): void {
  const dialogs = program.command('dialogs').description('Group requests into dialogs')
  withFlags(dialogs.command('assign').description('Assign dialogs, but where the client sent X-Dialog-Id'))
    .addOption(
      new Option('--by <rule>', 'window: no longer pause; prefix: one goes on from the messages of another')
        .choices(['window', 'prefix'])
        .default('window'),
    )
    .option('--window <time>', 'longest pause within a dialog, like 45s, 30m or 2h (default: 30m)')
    .action((flags: AssignFlags) => assign(flags, context))
  withFlags(dialogs.command('clear').description('Remove the assigned dialogs')).action((flags: DialogsFlags) => {
    return clear(flags, context)
  })
}

function withFlags(command: Command): Command {
  const dated = withWait(withDays(withOut(command)))
  return withReport(dated.option('--dry-run', 'change nothing, only count'))
}

async function assign(flags: AssignFlags, context: CommandContext): Promise<void> {
  if (!isEnabled('dialogs assign', flags, context)) return
  const { assignDialogs } = await import('../verbs/dialogs/assign.ts')
  const grouping: Grouping =
    flags.by === 'prefix' ? { by: 'prefix' } : { by: 'window', windowS: windowOf(flags, context.terminal) }
  const counts = await assignDialogs({ ...rangeOf(flags, context), grouping })
  report(counts, { verb: 'dialogs assign', done: 'updated' }, flags, context)
}

async function clear(flags: DialogsFlags, context: CommandContext): Promise<void> {
  if (!isEnabled('dialogs clear', flags, context)) return
  const { clearAssignedDialogs } = await import('../verbs/dialogs/assign.ts')
  const counts = await clearAssignedDialogs(rangeOf(flags, context))
  report(counts, { verb: 'dialogs clear', done: 'cleared' }, flags, context)
}

function isEnabled(verb: string, flags: DialogsFlags, context: CommandContext): boolean {
  checkDays(flags)
  const { isGroupingEnabled } = context.settings()
  if (!isGroupingEnabled) reportDisabled(context, { verb, line: DISABLED, json: flags.json })
  return isGroupingEnabled
}

/** As for the predecessor, a time that is none counts as the default. */
function windowOf({ window }: AssignFlags, { err }: Terminal): number {
  const windowS = window === undefined ? DEFAULT_WINDOW_S : parseWindow(window)
  if (windowS === undefined) err(`--window ${window} is no time like 45s, 30m or 2h: ${DEFAULT_WINDOW_S}s is used\n`)
  return windowS ?? DEFAULT_WINDOW_S
}

function rangeOf({ out, since, to, dryRun, wait }: DialogsFlags, { resolve }: CommandContext) {
  return { out: resolve(out), since, to, isDryRun: dryRun ?? false, waitMs: wait }
}

function report(
  counts: DialogCount[],
  { verb, done }: { verb: string; done: 'updated' | 'cleared' },
  { out, json, dryRun }: DialogsFlags,
  context: CommandContext,
): void {
  const result = counts.map(({ path, rows }) => ({ path, [done]: rows }))
  if (json) printReport(context.terminal, { verb, isDryRun: dryRun ?? false, result })
  else for (const { path, rows } of counts) context.terminal.out(`${path} ${done}=${rows}\n`)
  if (dryRun) context.note(NOTHING_CHANGED)
  noteIfEmpty(context, out)
}
