import type { Command } from 'commander'
import { withoutControls } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end } from '../command-line/ending.ts'
import { addExamples, addOptions, type Flags, OUT, REPORT, WAIT } from '../command-line/options.ts'
import type { ReapplyReport } from '../verbs/erasure/reapply.ts'

interface ReapplyFlags extends Flags {
  from?: string[]
}

export function addReapply(program: Command, context: CommandContext): void {
  const command = program
    .command('reapply')
    .description('Make a log database from a backup forget and retain what others forget and retain')
    .option('--from <folder>', 'another log database that may know more (repeatable)', collect)
  addOptions(command, OUT, WAIT, REPORT)
    .addHelpText('after', '\nIt also lets the next ingest read every log from its start.')
    .action((flags: ReapplyFlags) => run(flags, context))
  addExamples(command, ['logdb reapply --out logs/db --from logs/db.before   # then: logdb ingest'])
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

async function run({ from = [], ...flags }: ReapplyFlags, context: CommandContext): Promise<void> {
  const { reapply } = await import('../verbs/erasure/reapply.ts')
  const { granularity } = context.settings()
  const out = context.resolve(flags.out)
  const report = await reapply({ out, from: from.map(context.resolve), granularity, waitMs: flags.wait })
  const { forgotten, retention, unreadable } = report
  const warnings = warningsOf(report)
  for (const warning of warnings) context.terminal.err(`${withoutControls(warning)}\n`)
  end(context, flags, {
    verb: 'reapply',
    result: { path: out, forgotten, kept_from: retention, unreadable },
    warnings,
    print: () => context.terminal.out(`${out} forgotten=${forgotten}\n`),
  })
}

function warningsOf({ unreadable, oldDatabases }: ReapplyReport): string[] {
  return [
    ...unreadable.map(({ path, reason }) => `what ${path} has forgotten is not known: ${reason}`),
    ...oldDatabases.map((path) => `${path} is a database of the predecessor; it is not changed`),
  ]
}
