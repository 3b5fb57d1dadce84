import type { Command } from 'commander'
import { errorMessage } from '../../kit/user-error.ts'
import { type CommandContext, NOTHING_CHANGED, noteIfEmpty, reportDisabled } from '../command-line/context.ts'
import { checkDays, type DayOptions, withDays, withOut, withReport, withWait } from '../command-line/options.ts'
import { printReport } from '../terminal.ts'

interface FtsFlags extends DayOptions {
  out: string
  /** Milliseconds. */
  wait?: number
  dryRun?: true
  json?: true
}

export function addFts(program: Command, context: CommandContext): void {
  const fts = program.command('fts').description('Build or drop the text indexes')
  withFlags(fts.command('build').description('Bring the text indexes up to date')).action((flags: FtsFlags) => {
    return build(flags, context)
  })
  withFlags(fts.command('drop').description('Remove the text indexes; the requests stay')).action((flags: FtsFlags) => {
    return drop(flags, context)
  })
}

function withFlags(command: Command): Command {
  const dated = withWait(withDays(withOut(command)))
  return withReport(dated.option('--dry-run', 'change nothing, only show which partitions'))
}

async function build(flags: FtsFlags, context: CommandContext): Promise<void> {
  const { terminal } = context
  checkDays(flags)
  const { isTextIndexEnabled, parallelism } = context.settings()
  if (!isTextIndexEnabled) {
    return reportDisabled(context, { verb: 'fts build', line: 'FTS disabled by LOGDB_FTS_ENABLED', json: flags.json })
  }
  const { buildTextIndexes } = await import('../verbs/fts/text-indexes.ts')
  const built = await buildTextIndexes({ ...rangeOf(flags, context), parallelism })
  if (flags.json) printReport(terminal, { verb: 'fts build', isDryRun: flags.dryRun ?? false, result: built })
  else for (const { path, indexed, skipped } of built) terminal.out(`${path} indexed=${indexed} skipped=${skipped}\n`)
  if (flags.dryRun) context.note(NOTHING_CHANGED)
  noteIfEmpty(context, flags.out)
}

async function drop(flags: FtsFlags, context: CommandContext): Promise<void> {
  const { terminal, exitWith } = context
  checkDays(flags)
  const { dropTextIndexes } = await import('../verbs/fts/text-indexes.ts')
  const dropped = await dropTextIndexes(rangeOf(flags, context))
  const results = dropped.map(({ path, error }) => ({ path, ...(error ? { error: errorMessage(error) } : {}) }))
  const ok = results.every(({ error }) => error === undefined)
  if (flags.json) printReport(terminal, { ok, verb: 'fts drop', isDryRun: flags.dryRun ?? false, result: results })
  else {
    for (const { path, error } of results)
      terminal.out(error ? `${path} drop_error=${error}\n` : `${path} fts dropped\n`)
  }
  if (flags.dryRun) context.note(NOTHING_CHANGED)
  noteIfEmpty(context, flags.out)
  if (!ok) exitWith(1)
}

function rangeOf({ out, since, to, wait, dryRun }: FtsFlags, { resolve }: CommandContext) {
  return { out: resolve(out), since, to, isDryRun: dryRun ?? false, waitMs: wait }
}
