import type { Command } from 'commander'
import { isoDay } from '../../kit/time.ts'
import type { CommandContext } from '../command-line/context.ts'
import { end } from '../command-line/ending.ts'
import { addExamples, addOptions, type Flags, OUT, parseDay, REPORT, WAIT } from '../command-line/options.ts'
import { logdbError } from '../error-table.ts'
import type { InitResult } from '../verbs/init.ts'

interface InitFlags extends Flags {
  date?: string
}

export function addInit(program: Command, context: CommandContext): void {
  const command = program
    .command('init')
    .description('Create the partition of a day and check it')
    .option('--date <date>', 'UTC date, YYYY-MM-DD (default: today)', parseDay)
  addOptions(command, OUT, WAIT, REPORT).action((flags: InitFlags) => run(flags, context))
  addExamples(command, ['logdb init --date 2025-09-15'])
}

async function run(flags: InitFlags, context: CommandContext): Promise<void> {
  const { date, out, wait } = flags
  const { init } = await import('../verbs/init.ts')
  const day = date ?? isoDay(Date.now())
  const result = await init({ out: context.resolve(out), day, settings: context.settings(), waitMs: wait })
  end(context, flags, {
    verb: 'init',
    result,
    print: () => context.terminal.out(`${result.path}\n${result.integrity}\n`),
    failure: result.integrity === 'ok' ? undefined : damaged(result),
  })
}

function damaged({ path }: InitResult) {
  return logdbError('DATABASE_DAMAGED', `the integrity check of ${path} found damage`, 'run: logdb verify')
}
