import { type Command, InvalidArgumentError, Option } from 'commander'
import { withoutControls } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end, endDisabled } from '../command-line/ending.ts'
import { addExamples, addOptions, type Flags, OUT, parseTimeMs, REPORT, WAIT } from '../command-line/options.ts'
import type { StepReport } from '../routine/step.ts'
import type { BundlePlace } from '../routine/upload/bundle-place.ts'

interface AutoFlags extends Flags {
  from: string
  bundles: string
  to?: string
  maxTime?: number
  minFree: number
}

const VERB = 'auto'
const TO_VARIABLE = 'LOGDB_AUTO_TO'
const DEFAULT_WAIT_MS = 60_000
const LEAST_FREE = '512M'
const BYTES_PER: Record<string, number> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }

export function addAuto(program: Command, context: CommandContext): void {
  const command = program
    .command(VERB)
    .description('Read the logs, index, group, seal, merge and bundle: the default, for cron')
    .option('--from <folder>', 'folder of the logs', 'logs')
  addOptions(command, OUT, WAIT)
    .option('--bundles <folder>', 'folder of the bundles', 'bundles')
    .option('--to <place>', 'copy verified bundles to a folder, [user@]host:folder or s3://bucket/prefix')
    .option('--max-time <time>', 'start no step later than this, like 50m; the next run continues', parseTimeMs)
    .addOption(
      new Option('--min-free <size>', 'write nothing with less than this free on the disk')
        .argParser(parseSize)
        .default(parseSize(LEAST_FREE), LEAST_FREE),
    )
  addOptions(command, REPORT).action((flags: AutoFlags) => run(flags, context))
  addExamples(command, ['logdb auto --quiet --max-time 50m   # for cron, every hour'])
}

function parseSize(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})([KMGT]?)$/i.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('expected a size like 512M or 2G.')
  return Number(count) * (BYTES_PER[unit.toUpperCase()] ?? 1)
}

async function run(flags: AutoFlags, context: CommandContext): Promise<void> {
  const settings = context.settings()
  if (!settings.isEnabled) return endDisabled(context, flags, { verb: VERB, line: 'Auto disabled by LOGDB_ENABLED' })
  const { runRoutine } = await import('../routine/routine.ts')
  const { steps, hasMore, failure } = await runRoutine({
    from: context.resolve(flags.from),
    out: context.resolve(flags.out),
    bundles: context.resolve(flags.bundles),
    settings,
    waitMs: flags.wait ?? DEFAULT_WAIT_MS,
    signal: context.terminal.signal,
    maxTimeMs: flags.maxTime,
    minFreeBytes: flags.minFree,
    place: await placeOf(flags.to, context),
    onStep: (step) => show(step, flags, context),
  })
  end(context, flags, {
    verb: VERB,
    result: { steps: steps.map(toJson), more: hasMore },
    warnings: steps.flatMap(({ problems, failure: own }) => [
      ...problems,
      ...(own && own !== failure ? [own.message] : []),
    ]),
    print: () => {},
    notes: hasMore ? ['the time was over before the last step; the next run continues'] : [],
    failure,
  })
}

/** That of --to, else of LOGDB_AUTO_TO, else none. @throws UserError CONFIG_INVALID */
async function placeOf(typed: string | undefined, context: CommandContext): Promise<BundlePlace | undefined> {
  const environment = context.environment()
  const name = typed === undefined ? TO_VARIABLE : '--to'
  const to = typed ?? environment[TO_VARIABLE]?.trim()
  if (!to) return undefined
  if (to.startsWith('s3://')) {
    const { s3Target } = await import('../../kit/backup-copy/copy-settings.ts')
    return s3Target(to, environment, name)
  }
  const { parseDestination } = await import('../transfer/send-files.ts')
  return { kind: 'folder', destination: parseDestination(to).host === undefined ? context.resolve(to) : to }
}

/** As soon as the step is done: the next one may take long. */
function show({ name, lines, problems, failure }: StepReport, { json }: AutoFlags, { terminal }: CommandContext): void {
  if (!json) for (const line of lines) terminal.out(`${line}\n`)
  const failed = failure === undefined ? [] : [failure.message]
  for (const problem of [...problems, ...failed]) terminal.err(`${name}: ${withoutControls(problem)}\n`)
}

function toJson({ name, result, failure }: StepReport) {
  return { step: name, ok: failure === undefined, result }
}
