import type { Command } from 'commander'
import type { CommandContext } from '../command-line/context.ts'
import { parseDay, withOut, withReport, withWait } from '../command-line/options.ts'
import { printReport } from '../terminal.ts'

interface InitFlags {
  date?: string
  out: string
  /** Milliseconds. */
  wait?: number
  json?: true
}

export function addInit(program: Command, context: CommandContext): void {
  const command = program
    .command('init')
    .description('Create the partition of a day and check it')
    .option('--date <date>', 'UTC date, YYYY-MM-DD (default: today)', parseDay)
  withReport(withWait(withOut(command))).action((flags: InitFlags) => run(flags, context))
}

async function run({ date, out, wait, json }: InitFlags, { terminal, settings, resolve, exitWith }: CommandContext) {
  const { init } = await import('../verbs/init.ts')
  const day = date ?? new Date().toISOString().slice(0, 10)
  const result = await init({ out: resolve(out), day, settings: settings(), waitMs: wait })
  const ok = result.integrity === 'ok'
  if (json) printReport(terminal, { ok, verb: 'init', result })
  else terminal.out(`${result.path}\n${result.integrity}\n`)
  if (!ok) exitWith(1)
}
