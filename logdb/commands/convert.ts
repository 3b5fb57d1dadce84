import type { Command } from 'commander'
import { type CommandContext, NOTHING_CHANGED } from '../command-line/context.ts'
import { withReport, withWait } from '../command-line/options.ts'
import { printReport } from '../terminal.ts'

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
  withReport(withWait(command).option('--dry-run', 'change nothing, only count')).action((flags: ConvertFlags) =>
    run(flags, context),
  )
}

async function run({ out, wait, dryRun, json }: ConvertFlags, context: CommandContext): Promise<void> {
  const { terminal, resolve, note } = context
  const { convert } = await import('../verbs/convert/convert.ts')
  const isDryRun = dryRun ?? false
  const converted = await convert({ out: resolve(out), settings: context.settings(), waitMs: wait, isDryRun })
  const result = converted.map(({ path, rows, inserted, keptAs }) => ({ path, rows, inserted, kept_as: keptAs }))
  if (json) printReport(terminal, { verb: 'convert', isDryRun, result })
  else {
    for (const { path, rows, inserted, kept_as } of result) {
      terminal.out(
        isDryRun ? `${path} rows=${rows}\n` : `${path} rows=${rows} inserted=${inserted} kept_as=${kept_as}\n`,
      )
    }
  }
  if (isDryRun) note(NOTHING_CHANGED)
}
