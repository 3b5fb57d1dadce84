import type { Command } from 'commander'
import { errorMessage } from '../../kit/user-error.ts'
import { type CommandContext, changeOf } from '../command-line/context.ts'
import { end, noteIfEmpty } from '../command-line/ending.ts'
import { addExamples, addOptions, CHANGE_OF_DAYS, checkDays, type Flags } from '../command-line/options.ts'
import { userFacing } from '../command-line/user-facing-error.ts'
import type { SealedPartition } from '../verbs/seal.ts'

export function addSeal(program: Command, context: CommandContext): void {
  const command = program
    .command('seal')
    .description('Make partitions of past days compact, and safe for read-only disks and immutable=1')
  addOptions(command, CHANGE_OF_DAYS)
    .option('--rewrite', 'also bring partitions of earlier versions, sealed or not, into the form of this one')
    .addHelpText('after', '\nWithout --to a partition stays open until a day after its last one.')
    .action((flags: SealFlags) => run(flags, context))
  addExamples(command, [
    'logdb seal --to 2025-09-30',
    'logdb seal --rewrite --dry-run',
    'logdb seal --quiet   # for cron',
  ])
}

interface SealFlags extends Flags {
  rewrite?: true
}

async function run(flags: SealFlags, context: CommandContext): Promise<void> {
  checkDays(flags)
  const { out, since, to } = flags
  const { seal } = await import('../verbs/seal.ts')
  const change = changeOf(flags, context)
  const sealed = await seal({ ...change, since, to, mustRewrite: flags.rewrite ?? false })
  const failed = sealed.find(({ error }) => error !== undefined)
  end(context, flags, {
    verb: 'seal',
    isDryRun: change.isDryRun,
    result: sealed.map(toJson),
    print: () => print(sealed, context),
    notes: noteIfEmpty(context, out),
    failure: failed && userFacing(failed.error, 'seal'),
  })
}

function toJson({ path, bytesBefore, bytesAfter, error }: SealedPartition) {
  const after = bytesAfter === undefined ? {} : { bytes_after: bytesAfter }
  return { path, bytes_before: bytesBefore, ...after, ...(error === undefined ? {} : { error: errorMessage(error) }) }
}

function print(sealed: SealedPartition[], { terminal }: CommandContext): void {
  for (const { path, bytesBefore, bytesAfter, error } of sealed) {
    const sizes = `bytes_before=${bytesBefore}${bytesAfter === undefined ? '' : ` bytes_after=${bytesAfter}`}`
    terminal.out(error === undefined ? `${path} ${sizes}\n` : `${path} seal_error=${errorMessage(error)}\n`)
  }
}
