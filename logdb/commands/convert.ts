import type { Command } from 'commander'
import { type CommandContext, changeOf } from '../command-line/context.ts'
import { end } from '../command-line/ending.ts'
import { addExamples, addOptions, DRY_RUN, type Flags, REPORT, WAIT } from '../command-line/options.ts'

export function addConvert(program: Command, context: CommandContext): void {
  const command = program
    .command('convert')
    .description("Take over the predecessor's databases; the old files stay next to the new ones")
    .option('--out <folder>', 'folder of the log database, where the old ones are', 'logs/db')
  addOptions(command, WAIT, DRY_RUN, REPORT).action((flags: Flags) => run(flags, context))
  addExamples(command, ['logdb convert --dry-run'])
}

async function run(flags: Flags, context: CommandContext): Promise<void> {
  const { convert } = await import('../verbs/convert/convert.ts')
  const change = changeOf(flags, context)
  const { isDryRun } = change
  const converted = await convert({ ...change, settings: context.settings() })
  const result = converted.map(({ path, rows, inserted, keptAs }) => ({ path, rows, inserted, kept_as: keptAs }))
  const print = () => {
    for (const { path, rows, inserted, kept_as } of result) {
      context.terminal.out(`${path} rows=${rows}${isDryRun ? '' : ` inserted=${inserted} kept_as=${kept_as}`}\n`)
    }
  }
  end(context, flags, { verb: 'convert', isDryRun, result, print })
}
