import type { Command } from 'commander'
import { configInvalid } from '../../kit/user-error.ts'
import type { CommandContext } from '../command-line/context.ts'
import { addErasing, type Erased, type ErasingFlags } from '../command-line/erasing-command.ts'
import { addExamples, parseFirstDay } from '../command-line/options.ts'
import { counted } from '../counted.ts'
import type { ChangeOptions } from '../store/folder/lease.ts'
import type { RetainCount, RetainReport } from '../verbs/erasure/retain.ts'

interface RetainFlags extends ErasingFlags {
  /** The first day that is kept. */
  bodies?: string
  metadata?: string
  reset?: true
}

export function addRetain(program: Command, context: CommandContext): void {
  const command = program
    .command('retain')
    .description('Remove what is too old, now and from logs that are read later')
    .optionsGroup('What to keep:')
    .option('--bodies <time>', 'keep what was said this long: 90d, or the first date to keep', parseFirstDay)
    .option('--metadata <time>', 'keep requests this long: 400d, or the first date to keep', parseFirstDay)
    .option('--reset', 'let these days move back; the next ingest reads what is kept again')
    .optionsGroup('Options:')
  addErasing(command, context, removeOld)
  addExamples(command, [
    'logdb retain --bodies 90d --metadata 400d --yes --quiet   # for cron',
    'logdb retain --metadata 2025-01-01 --reset --yes && logdb ingest',
  ])
}

async function removeOld({ bodies, metadata, reset }: RetainFlags, change: ChangeOptions): Promise<Erased> {
  if (bodies === undefined && metadata === undefined) {
    throw configInvalid('it is not clear how long to keep what', 'give --bodies, --metadata or both, like --bodies 90d')
  }
  const { retain } = await import('../verbs/erasure/retain.ts')
  const keptFrom = { ...(bodies === undefined ? {} : { bodies }), ...(metadata === undefined ? {} : { metadata }) }
  const report = await retain({ ...change, keptFrom, isReset: reset ?? false })
  const { partitions, oldDatabases, damaged } = report
  return {
    question: questionOf(partitions),
    result: partitions.map(({ path, requests, bodies: removed, isDeleted }) => {
      return { path, requests_removed: requests, bodies_removed: removed, deleted: isDeleted }
    }),
    lines: partitions.map(lineOf),
    notes: reset ? resetNotes(report) : [],
    oldDatabases,
    damaged,
    warnings: [],
  }
}

function resetNotes({ readAgainBytes, gone }: RetainReport): string[] {
  return [
    `the next logdb ingest reads ${readAgainBytes} bytes of logs again`,
    ...gone.map(({ path, bytes }) => `${path} is gone: ${bytes} bytes of it cannot be read again`),
  ]
}

function questionOf(counts: RetainCount[]): string {
  const requests = counts.reduce((sum, count) => sum + count.requests, 0)
  const bodies = counts.reduce((sum, count) => sum + count.bodies, 0)
  return `${counted(requests, 'requests')} and the bodies of ${counted(bodies, 'others')} would be removed`
}

function lineOf({ path, requests, bodies, isDeleted }: RetainCount): string {
  return `${path} requests_removed=${requests} bodies_removed=${bodies}${isDeleted ? ' deleted' : ''}`
}
