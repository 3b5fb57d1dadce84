import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { withoutControls } from '../../kit/cli/terminal.ts'
import { errorMessage } from '../../kit/user-error.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end, endDisabled } from '../command-line/ending.ts'
import { addExamples, addOptions, type Flags, OUT, parseTimeMs, REPORT, WAIT } from '../command-line/options.ts'
import { logdbError } from '../error-table.ts'
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
    placeOf: await bundlePlace(flags.to, context),
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

/**
 * What finds the place of --to, else of LOGDB_AUTO_TO; undefined for nowhere. A wrong --to ends the command, but a wrong variable
 * does not keep the other steps from their work.
 * @throws UserError CONFIG_INVALID
 */
async function bundlePlace(
  typed: string | undefined,
  context: CommandContext,
): Promise<(() => Promise<BundlePlace>) | undefined> {
  if (typed) {
    const place = await parsePlace(typed, '--to', context)
    return async () => place
  }
  const to = typed ?? context.environment()[TO_VARIABLE]?.trim()
  return to ? () => parsePlace(to, TO_VARIABLE, context) : undefined
}

/** @param name of what says so, for messages @throws UserError CONFIG_INVALID */
async function parsePlace(to: string, name: string, context: CommandContext): Promise<BundlePlace> {
  const environment = context.environment()
  const { parseDestination } = await import('../transfer/send-files.ts')
  const isBucket = to.startsWith('s3://')
  if (!isBucket && parseDestination(to).host === undefined) return { kind: 'folder', destination: context.resolve(to) }
  // The user's own ssh, with its configuration, unless a key is named.
  if (!isBucket && !environment['BACKUP_SSH_KEY']) return { kind: 'folder', destination: to }
  const { copyTarget } = await import('../../kit/backup-copy/copy-settings.ts')
  const target = copyTarget(to, environment, name)
  return target.kind === 's3' ? target : { ...target, privateKey: readKey(target.keyFile) }
}

/** @param path `-` for stdin, from which a container gets a key that its user may not read @throws UserError CONFIG_INVALID */
function readKey(path: string): Buffer {
  try {
    return readFileSync(path === '-' ? 0 : path)
  } catch (error) {
    const hint = 'give the path of a private key of this machine, without a passphrase'
    throw logdbError('CONFIG_INVALID', `BACKUP_SSH_KEY: ${path} cannot be read: ${errorMessage(error)}`, hint)
  }
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
