import type { Command } from 'commander'
import type { CommandContext } from '../command-line/context.ts'
import { end, noteIfEmpty } from '../command-line/ending.ts'
import { addExamples, addOptions, checkDays, DAYS, type Flags, OUT, REPORT } from '../command-line/options.ts'
import { counted } from '../counted.ts'
import { logdbError } from '../error-table.ts'
import type { VerifiedPartition } from '../verbs/verify.ts'

const ADVICE = `follow the advice next to each problem. Without any, restore the partition from a backup. If its logs still exist, you can instead move it away together with control.sqlite3, run logdb ingest, and repeat what was forgotten or retained`

interface VerifyFlags extends Flags {
  deep?: true
}

export function addVerify(program: Command, context: CommandContext): void {
  const command = program.command('verify').description('Check that partitions are whole')
  addOptions(command, OUT, DAYS).option('--deep', 'recompute every id from the stored data')
  addOptions(command, REPORT).action((flags: VerifyFlags) => run(flags, context))
  addExamples(command, ['logdb verify --deep --since 2025-09-01'])
}

async function run(flags: VerifyFlags, context: CommandContext): Promise<void> {
  checkDays(flags)
  const { out, since, to, deep } = flags
  const { verify } = await import('../verbs/verify.ts')
  const partitions = await verify({ out: context.resolve(out), since, to, isDeep: deep ?? false })
  const wrong = partitions.filter(({ problems }) => problems.length > 0).length
  end(context, flags, {
    verb: 'verify',
    result: partitions.map(toJson),
    print: () => {
      for (const partition of partitions) print(partition, context)
    },
    notes: noteIfEmpty(context, out),
    failure:
      wrong > 0
        ? logdbError('VERIFY_FAILED', counted(wrong, 'partitions have problems', 'partition has problems'), ADVICE)
        : undefined,
  })
}

function counts({ rows, unindexed, deep }: VerifiedPartition): Record<string, number> {
  return {
    rows,
    ...(unindexed === undefined ? {} : { unindexed }),
    ...(deep ? { proven: deep.proven, removed: deep.removed, converted: deep.converted } : {}),
  }
}

function toJson(partition: VerifiedPartition) {
  return { path: partition.path, ...counts(partition), problems: partition.problems }
}

function print(partition: VerifiedPartition, { terminal: { out, err } }: CommandContext): void {
  const { path, problems } = partition
  const numbers = Object.entries(counts(partition)).map(([name, count]) => `${name}=${count}`)
  out(`${path} ${numbers.join(' ')} ${problems.length === 0 ? 'ok' : 'fail'}\n`)
  for (const problem of problems) err(`${path}: ${problem}\n`)
}
