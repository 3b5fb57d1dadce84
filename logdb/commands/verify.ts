import type { Command } from 'commander'
import { type CommandContext, checkFailed, noteIfEmpty } from '../command-line/context.ts'
import { checkDays, type DayOptions, withDays, withOut, withReport } from '../command-line/options.ts'
import { printReport, type Terminal } from '../terminal.ts'
import type { VerifiedPartition } from '../verbs/verify.ts'

const ADVICE =
  'where nothing else is said, bring the partition back from a backup, or if its logs are still there move it away with control.sqlite3 and run: logdb ingest; then repeat what was forgotten or set by retain'

interface VerifyFlags extends DayOptions {
  out: string
  deep?: true
  json?: true
}

export function addVerify(program: Command, context: CommandContext): void {
  const command = program.command('verify').description('Check that partitions are whole')
  const dated = withDays(withOut(command))
  withReport(dated.option('--deep', 'derive every id anew from what is stored')).action((flags: VerifyFlags) =>
    run(flags, context),
  )
}

async function run(flags: VerifyFlags, context: CommandContext): Promise<void> {
  const { terminal, resolve } = context
  checkDays(flags)
  const { out, since, to, deep, json } = flags
  const { verify } = await import('../verbs/verify.ts')
  const partitions = await verify({ out: resolve(out), since, to, isDeep: deep ?? false })
  const ok = partitions.every(({ problems }) => problems.length === 0)
  if (json) printReport(terminal, { ok, verb: 'verify', result: partitions.map(toJson) })
  else for (const partition of partitions) print(partition, terminal)
  noteIfEmpty(context, out)
  if (!ok) checkFailed(context, ADVICE)
}

function counts({ rows, unindexed, deep }: VerifiedPartition): Record<string, number> {
  return {
    rows,
    ...(unindexed === undefined ? {} : { unindexed }),
    ...(deep ? { proven: deep.proven, removed: deep.removed, converted: deep.converted } : {}),
  }
}

const toJson = (partition: VerifiedPartition) => {
  return { path: partition.path, ...counts(partition), problems: partition.problems }
}

function print(partition: VerifiedPartition, { out, err }: Terminal): void {
  const { path, problems } = partition
  const numbers = Object.entries(counts(partition)).map(([name, count]) => `${name}=${count}`)
  out(`${path} ${numbers.join(' ')} ${problems.length === 0 ? 'ok' : 'fail'}\n`)
  for (const problem of problems) err(`${path}: ${problem}\n`)
}
