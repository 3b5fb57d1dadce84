import type { Command } from 'commander'
import { printJson } from '../terminal.ts'
import { type CommandContext, NOTHING_CHANGED } from './context.ts'
import { withWait } from './options.ts'

interface ConvertFlags {
  out: string
  /** Milliseconds. */
  wait?: number
  dryRun?: true
  json?: true
}

export function addConvert(program: Command, context: CommandContext): void {
  const command = program
    .command('convert')
    .description("Take over the predecessor's databases; the old files stay beside the new ones")
    .option('--out <folder>', 'folder of the log database, where the old ones are', 'logs/db')
  withWait(command)
    .option('--dry-run', 'change nothing, only count')
    .option('--json', 'one JSON document on stdout')
    .action((flags: ConvertFlags) => run(flags, context))
}

async function run({ out, wait, dryRun, json }: ConvertFlags, context: CommandContext): Promise<void> {
  const { terminal, resolve } = context
  const { convert } = await import('../convert/convert.ts')
  const isDryRun = dryRun ?? false
  const converted = await convert({ out: resolve(out), settings: context.settings(), waitMs: wait, isDryRun })
  const result = converted.map(({ path, rows, inserted, keptAs }) => ({ path, rows, inserted, kept_as: keptAs }))
  if (json) printJson(terminal, { ok: true, verb: 'convert', dry_run: isDryRun, result })
  else {
    for (const { path, rows, inserted, kept_as } of result) {
      terminal.out(
        isDryRun ? `${path} rows=${rows}\n` : `${path} rows=${rows} inserted=${inserted} kept_as=${kept_as}\n`,
      )
    }
  }
  if (isDryRun) terminal.err(NOTHING_CHANGED)
}
