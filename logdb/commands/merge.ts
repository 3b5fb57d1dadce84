import { type Command, InvalidArgumentError } from 'commander'
import { withoutControls } from '../../kit/cli/terminal.ts'
import { type CommandContext, changeOf } from '../command-line/context.ts'
import { end, noteIfEmpty } from '../command-line/ending.ts'
import { addExamples, addOptions, DRY_RUN, type Flags, OUT, REPORT, WAIT } from '../command-line/options.ts'
import { skipping } from '../command-line/skipped-partitions.ts'
import { logdbError } from '../error-table.ts'
import type { DamagedPartition } from '../store/sqlite/damage.ts'
import type { MergeReport } from '../verbs/merge/merge.ts'

interface MergeFlags extends Flags {
  from?: string
  weekly?: true
  monthly?: true
  deleteSources?: true
  sameServer?: Map<string, string>
}

const VERB = 'merge'

export function addMerge(program: Command, context: CommandContext): void {
  const command = program
    .command(VERB)
    .description('Merge partitions into one file, and prove that it has all of their requests')
    .optionsGroup('What to merge:')
    .option('--from <folder>', 'folder of the partitions to merge')
    .option('--to <file>', 'the file to merge them into; it keeps what it has')
    .option('--weekly', 'merge each week that is over into a partition of that week')
    .option('--monthly', 'merge each month that is over into a partition of that month')
    .optionsGroup('Options:')
    .option('--delete-sources', 'delete the partitions after the proof')
    .option('--same-server <id=id>', 'two ids of one server, the second stays; may be repeated', parsePair)
  addOptions(command, OUT, WAIT, DRY_RUN, REPORT).action((flags: MergeFlags) => run(flags, context))
  addExamples(command, [
    'logdb merge --from logs/db/2025/09 --to logs/db/monthly/2025-09.sqlite3',
    'logdb merge --weekly --delete-sources',
  ])
}

function parsePair(text: string, others = new Map<string, string>()): Map<string, string> {
  const [from, to, ...rest] = text.split('=')
  if (!from || !to || rest.length > 0) throw new InvalidArgumentError('expected two ids of servers, like old=new.')
  return new Map([...others, [from, to]])
}

async function run(flags: MergeFlags, context: CommandContext): Promise<void> {
  const { merged, damaged } = await mergeAs(flags, context)
  const isDryRun = flags.dryRun ?? false
  const doubled = merged.flatMap(doubledWarnings)
  for (const warning of doubled) context.terminal.err(`${withoutControls(warning)}\n`)
  const { warnings, failure } = skipping(damaged, context.terminal)
  end(context, flags, {
    verb: VERB,
    isDryRun,
    result: merged.map(toJson),
    warnings: [...doubled, ...warnings],
    print: () => {
      for (const report of merged) print(report, flags.to === undefined, context)
    },
    notes: merged.length > 0 ? [] : [...noteIfEmpty(context, flags.out), 'there was nothing to merge'],
    failure: merged.find((one) => one.failure)?.failure ?? failure,
  })
}

async function mergeAs(
  flags: MergeFlags,
  context: CommandContext,
): Promise<{ merged: MergeReport[]; damaged: DamagedPartition[] }> {
  const { from, to, weekly, monthly, deleteSources = false, sameServer = new Map<string, string>() } = flags
  const ways = [from ?? to, weekly, monthly].filter((way) => way !== undefined)
  if (ways.length !== 1 || (from === undefined) !== (to === undefined)) {
    throw logdbError('USAGE', 'give --from and --to, or --weekly, or --monthly', 'see logdb merge --help')
  }
  const { merge, mergePeriods } = await import('../verbs/merge/merge.ts')
  const settings = context.settings()
  const run = { ...changeOf(flags, context), settings, renamed: sameServer }
  if (from !== undefined && to !== undefined) {
    const [folder, file] = [from, to].map(context.resolve) as [string, string]
    return { merged: [await merge({ ...run, from: folder, to: file, mustDelete: deleteSources })], damaged: [] }
  }
  const mustDelete = deleteSources || settings.mustCleanUpAfterMerge
  return mergePeriods({ ...run, mustDelete, period: weekly ? 'week' : 'month' })
}

function doubledWarnings({ path, doubled }: MergeReport): string[] {
  return doubled.map(({ servers: [first, second], requests }) => {
    const advice = `if both are one server, merge again with --same-server ${first}=${second}`
    return `${path} has ${requests} requests under the ids of two servers, ${first} and ${second}: ${advice}`
  })
}

function toJson({ path, sources, requests, doubled, isDeleted, failure }: MergeReport) {
  return {
    path,
    sources,
    ...(requests === undefined ? {} : { total_requests: requests, integrity: failure ? 'fail' : 'ok' }),
    doubled,
    deleted: isDeleted,
  }
}

/** The last line of a file that was named is that of the predecessor. */
function print({ path, sources, requests, failure }: MergeReport, namesFile: boolean, context: CommandContext): void {
  const { out } = context.terminal
  for (const source of sources) {
    out(`${source.path} requests=${source.requests}${source.added === undefined ? '' : ` added=${source.added}`}\n`)
  }
  const name = namesFile ? `${path} ` : ''
  const total = requests === undefined ? '' : ` total_requests=${requests} integrity=${failure ? 'fail' : 'ok'}`
  if (requests !== undefined || namesFile) out(`${name}sources=${sources.length}${total}\n`)
}
