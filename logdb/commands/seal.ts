import type { Command } from 'commander'
import { errorMessage, UserError } from '../../kit/user-error.ts'
import type { SealedPartition } from '../seal/seal.ts'
import { printJson, type Terminal } from '../terminal.ts'
import { type CommandContext, NOTHING_CHANGED } from './context.ts'
import { checkDays, type DayOptions, withDays, withWait } from './options.ts'

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
    .option('--out <folder>', 'folder of the log database', 'logs/db')
  withWait(withDays(command))
    .option('--dry-run', 'change nothing, only name them')
    .option('--json', 'one JSON document on stdout')
    .addHelpText('after', '\nWithout --to partitions are left open for a day after their last one.')
    .action((flags: SealFlags) => run(flags, context))
}

async function run(flags: SealFlags, { terminal, resolve, exitWith }: CommandContext): Promise<void> {
  checkDays(flags)
  const { out, since, to, wait, dryRun, json } = flags
  const { seal } = await import('../seal/seal.ts')
  const sealed = await seal({ out: resolve(out), since, to, waitMs: wait, isDryRun: dryRun ?? false })
  const failed = sealed.filter(({ error }) => error !== undefined)
  if (json) {
    const result = sealed.map(toJson)
    printJson(terminal, { ok: failed.length === 0, verb: 'seal', dry_run: dryRun ?? false, result })
  } else print(sealed, terminal)
  if (dryRun) terminal.err(NOTHING_CHANGED)
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
