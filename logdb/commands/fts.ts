import type { Command } from 'commander'
import { errorMessage } from '../../kit/user-error.ts'
import { printJson } from '../terminal.ts'
import { type CommandContext, NOTHING_CHANGED, reportDisabled } from './context.ts'
import { checkDays, type DayOptions, withDays, withWait } from './options.ts'

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
  const dated = withDays(command.option('--out <folder>', 'folder of the log database', 'logs/db'))
  return withWait(dated)
    .option('--dry-run', 'change nothing, only show which partitions')
    .option('--json', 'one JSON document on stdout')
}

async function build(flags: FtsFlags, context: CommandContext): Promise<void> {
  const { terminal } = context
  checkDays(flags)
  const { isTextIndexEnabled, parallelism } = context.settings()
  if (!isTextIndexEnabled) {
    return reportDisabled(context, 'FTS disabled by LOGDB_FTS_ENABLED', flags.json)
  }
  const { buildTextIndexes } = await import('../fts/text-index.ts')
  const built = await buildTextIndexes({ ...rangeOf(flags, context), parallelism })
  if (flags.json) printJson(terminal, { ok: true, verb: 'fts build', dry_run: flags.dryRun ?? false, result: built })
  else for (const { path, indexed, skipped } of built) terminal.out(`${path} indexed=${indexed} skipped=${skipped}\n`)
  if (flags.dryRun) terminal.err(NOTHING_CHANGED)
}

async function drop(flags: FtsFlags, context: CommandContext): Promise<void> {
  const { terminal, exitWith } = context
  checkDays(flags)
  const { dropTextIndexes } = await import('../fts/text-index.ts')
  const dropped = await dropTextIndexes(rangeOf(flags, context))
  const results = dropped.map(({ path, error }) => ({ path, ...(error ? { error: errorMessage(error) } : {}) }))
  const ok = results.every(({ error }) => error === undefined)
  if (flags.json) printJson(terminal, { ok, verb: 'fts drop', dry_run: flags.dryRun ?? false, result: results })
  else {
    for (const { path, error } of results)
      terminal.out(error ? `${path} drop_error=${error}\n` : `${path} fts dropped\n`)
  }
  if (flags.dryRun) terminal.err(NOTHING_CHANGED)
  if (!ok) exitWith(1)
}

function rangeOf({ out, since, to, wait, dryRun }: FtsFlags, { resolve }: CommandContext) {
  return { out: resolve(out), since, to, isDryRun: dryRun ?? false, waitMs: wait }
}
