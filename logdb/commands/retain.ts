import type { Command } from 'commander'
import { configInvalid } from '../../kit/user-error.ts'
import {
  type CommandContext,
  confirmationMissing,
  NOTHING_CHANGED,
  warningsOfOldDatabases,
} from '../command-line/context.ts'
import { parseFirstDay, withOut, withReport, withWait } from '../command-line/options.ts'
import { printReport } from '../terminal.ts'
import type { RetainCount, RetainReport } from '../verbs/erasure/retain.ts'

interface RetainFlags {
  /** The first day that is kept. */
  bodies?: string
  metadata?: string
  out: string
  yes?: true
  dryRun?: true
  /** Milliseconds. */
  wait?: number
  json?: true
}

export function addRetain(program: Command, context: CommandContext): void {
  const command = program
    .command('retain')
    .description('Remove what is older than it is to be kept, now and from logs that are read later')
    .option('--bodies <time>', 'keep what was said this long: 90d, or the first date to keep', parseFirstDay)
    .option('--metadata <time>', 'keep requests this long: 400d, or the first date to keep', parseFirstDay)
  const changing = withWait(withOut(command))
    .option('--yes', 'do it; without this nothing is changed')
    .option('--dry-run', 'change nothing, only count')
  withReport(changing)
    .addHelpText('after', '\nExample, for cron:\n  logdb retain --bodies 90d --metadata 400d --yes --quiet')
    .action((flags: RetainFlags) => run(flags, context))
}

async function run(flags: RetainFlags, context: CommandContext): Promise<void> {
  const { bodies, metadata } = flags
  if (bodies === undefined && metadata === undefined) {
    throw configInvalid('how long to keep what is missing', 'give --bodies, --metadata or both, like --bodies 90d')
  }
  const { retain } = await import('../verbs/erasure/retain.ts')
  const keptFrom = { ...(bodies === undefined ? {} : { bodies }), ...(metadata === undefined ? {} : { metadata }) }
  const options = { out: context.resolve(flags.out), keptFrom, waitMs: flags.wait }
  const isConfirmed = flags.yes === true && !flags.dryRun
  const found = await retain({ ...options, isDryRun: !isConfirmed })
  if (!flags.dryRun && !flags.yes) throw confirmationMissing(describe(found.partitions))
  report(found, flags, context)
}

function describe(counts: RetainCount[]): string {
  const requests = counts.reduce((sum, count) => sum + count.requests, 0)
  const bodies = counts.reduce((sum, count) => sum + count.bodies, 0)
  return `${requests} requests and the bodies of ${bodies} others would be removed`
}

function report(
  { partitions, oldDatabases }: RetainReport,
  { json, dryRun }: RetainFlags,
  { terminal, note }: CommandContext,
): void {
  const result = partitions.map(({ path, requests, bodies, isDeleted }) => {
    return { path, requests_removed: requests, bodies_removed: bodies, deleted: isDeleted }
  })
  const warnings = warningsOfOldDatabases(oldDatabases)
  if (json) printReport(terminal, { verb: 'retain', isDryRun: dryRun ?? false, result, warnings })
  else {
    for (const { path, requests_removed, bodies_removed, deleted } of result) {
      const counted = `requests_removed=${requests_removed} bodies_removed=${bodies_removed}`
      terminal.out(`${path} ${counted}${deleted ? ' deleted' : ''}\n`)
    }
  }
  if (dryRun) note(NOTHING_CHANGED)
  for (const warning of warnings) note(warning)
}
