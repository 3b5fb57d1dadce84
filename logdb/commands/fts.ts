import type { Command } from 'commander'
import { errorMessage } from '../../kit/user-error.ts'
import { type CommandContext, changeOf } from '../command-line/context.ts'
import { end, endDisabled, noteIfEmpty } from '../command-line/ending.ts'
import { addExamples, addOptions, CHANGE_OF_DAYS, checkDays, type Flags } from '../command-line/options.ts'
import { counted } from '../counted.ts'
import { logdbError } from '../error-table.ts'

export function addFts(program: Command, context: CommandContext): void {
  const fts = program.command('fts').description('Build or drop the text indexes')
  addExamples(fts, ['logdb fts build', 'logdb fts drop --to 2025-06-30'])
  const building = fts.command('build').description('Bring the text indexes up to date')
  addOptions(building, CHANGE_OF_DAYS).action((flags: Flags) => build(flags, context))
  addExamples(building, ['logdb fts build --since 2025-09-01'])
  const dropping = fts.command('drop').description('Remove the text indexes; the requests stay')
  addOptions(dropping, CHANGE_OF_DAYS).action((flags: Flags) => drop(flags, context))
  addExamples(dropping, ['logdb fts drop --to 2025-06-30'])
}

async function build(flags: Flags, context: CommandContext): Promise<void> {
  checkDays(flags)
  const { out, since, to } = flags
  const verb = 'fts build'
  const { isTextIndexEnabled, parallelism } = context.settings()
  if (!isTextIndexEnabled) return endDisabled(context, flags, { verb, line: 'FTS disabled by LOGDB_FTS_ENABLED' })
  const { buildTextIndexes } = await import('../verbs/fts/text-indexes.ts')
  const change = changeOf(flags, context)
  const result = await buildTextIndexes({ ...change, since, to, parallelism })
  const print = () => {
    for (const { path, indexed, skipped } of result) {
      context.terminal.out(`${path} indexed=${indexed} skipped=${skipped}\n`)
    }
  }
  end(context, flags, { verb, isDryRun: change.isDryRun, result, print, notes: noteIfEmpty(context, out) })
}

async function drop(flags: Flags, context: CommandContext): Promise<void> {
  checkDays(flags)
  const { out, since, to } = flags
  const { dropTextIndexes } = await import('../verbs/fts/text-indexes.ts')
  const change = changeOf(flags, context)
  const dropped = await dropTextIndexes({ ...change, since, to })
  const result = dropped.map(({ path, error }) => ({ path, ...(error ? { error: errorMessage(error) } : {}) }))
  const failed = result.filter(({ error }) => error !== undefined).length
  const print = () => {
    for (const { path, error } of result) {
      context.terminal.out(error ? `${path} drop_error=${error}\n` : `${path} fts dropped\n`)
    }
  }
  end(context, flags, {
    verb: 'fts drop',
    isDryRun: change.isDryRun,
    result,
    print,
    notes: noteIfEmpty(context, out),
    failure: failed > 0 ? notDropped(failed) : undefined,
  })
}

function notDropped(count: number) {
  const hint = 'see the error of each on stdout and run the command again'
  return logdbError(
    'INDEX_NOT_DROPPED',
    `the text indexes of ${counted(count, 'partitions')} could not be removed`,
    hint,
  )
}
