import type { Command } from 'commander'
import { outColors, type Terminal } from '../../kit/cli/terminal.ts'
import type { CommandContext } from '../command-line/context.ts'
import { addExamples, addOptions, checkDays, type Flags, OUT, TIMES } from '../command-line/options.ts'

interface McpFlags extends Flags {
  key?: string
  bodies: boolean
}

export function addMcp(program: Command, context: CommandContext): void {
  const command = program
    .command('mcp')
    .description('Let an AI client search and read the log database, by MCP on stdio')
  addOptions(command, OUT)
  addOptions(command.optionsGroup('What may be seen:'), TIMES)
    .option('--key <key>', 'only requests of this API key, by hash or name')
    .option('--no-bodies', 'nothing of what was said: no search, no text')
    .action((flags: McpFlags) => run(flags, context))
  addExamples(command, ['logdb mcp --since 7d --key laptop'])
}

async function run(flags: McpFlags, { terminal, resolve }: CommandContext): Promise<void> {
  checkDays(flags)
  const { out, since, to, key, bodies } = flags
  const { serve } = await import('../mcp/serve.ts')
  const plain: Terminal = Object.create(terminal, { isOutTty: { value: false } })
  const session = { scope: { out: resolve(out), since, to, key, hasBodies: bodies }, colors: outColors(plain) }
  await serve(session, terminal.signal)
}
