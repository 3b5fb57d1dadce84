import type { Command } from 'commander'
import { errorMessage, UserError } from '../../kit/user-error.ts'
import { type CommandContext, NOTHING_CHANGED, noteIfEmpty } from '../command-line/context.ts'
import { checkDays, type DayOptions, withDays, withOut, withReport, withWait } from '../command-line/options.ts'
import { printReport, type Terminal } from '../terminal.ts'
import type { SealedPartition } from '../verbs/seal.ts'

interface SealFlags extends DayOptions {
  out: string
  /** Milliseconds. */
  wait?: number
  dryRun?: true
  json?: true
}

export function addSeal(program: Command, context: CommandContext): void {
  const command = program
    .command('seal')
    .description('Make partitions that are over compact, and safe for read-only disks and immutable=1')
  const dated = withWait(withDays(withOut(command)))
  withReport(dated.option('--dry-run', 'change nothing, only name them'))
    .addHelpText('after', '\nWithout --to partitions are left open for a day after their last one.')
    .action((flags: SealFlags) => run(flags, context))
}

async function run(flags: SealFlags, context: CommandContext): Promise<void> {
  const { terminal, resolve, note, exitWith } = context
  checkDays(flags)
  const { out, since, to, wait, dryRun, json } = flags
  const { seal } = await import('../verbs/seal.ts')
  const sealed = await seal({ out: resolve(out), since, to, waitMs: wait, isDryRun: dryRun ?? false })
  const failed = sealed.filter(({ error }) => error !== undefined)
  if (json) {
    const result = sealed.map(toJson)
    printReport(terminal, { ok: failed.length === 0, verb: 'seal', isDryRun: dryRun ?? false, result })
  } else print(sealed, terminal)
  if (dryRun) note(NOTHING_CHANGED)
  noteIfEmpty(context, out)
  const [first] = failed
  if (first) exitWith(first.error instanceof UserError ? first.error.exitCode : 1)
}

function toJson({ path, bytesBefore, bytesAfter, error }: SealedPartition) {
  const after = bytesAfter === undefined ? {} : { bytes_after: bytesAfter }
  return { path, bytes_before: bytesBefore, ...after, ...(error === undefined ? {} : { error: errorMessage(error) }) }
}

function print(sealed: SealedPartition[], { out }: Terminal): void {
  for (const { path, bytesBefore, bytesAfter, error } of sealed) {
    const sizes = `bytes_before=${bytesBefore}${bytesAfter === undefined ? '' : ` bytes_after=${bytesAfter}`}`
    out(error === undefined ? `${path} ${sizes}\n` : `${path} seal_error=${errorMessage(error)}\n`)
  }
}
