import { type Command, InvalidArgumentError } from 'commander'
import type { CommandContext } from '../command-line/context.ts'
import { preferLittleMemory } from '../command-line/little-memory.ts'
import { keepToOneProcessor } from '../command-line/one-processor.ts'
import { addExamples, addOptions, type Flags, OUT } from '../command-line/options.ts'

interface UiFlags extends Flags {
  port: number
  open: boolean
}

const DEFAULT_PORT = 8124

export function addUi(program: Command, context: CommandContext): void {
  const command = program.command('ui').description('Show the log database in a browser, on this machine only')
  addOptions(command, OUT)
    .option('--port <n>', 'port to listen on; 0 for any that is free', parsePort, DEFAULT_PORT)
    .option('--no-open', 'only print the URL, do not open a browser')
    .action((flags: UiFlags) => run(flags, command, context))
  addExamples(command, ['logdb ui', 'logdb ui --port 9000 --no-open'])
}

async function run({ out, port, open }: UiFlags, command: Command, context: CommandContext): Promise<void> {
  preferLittleMemory()
  const { terminal, resolve } = context
  const { isBehindProxy, readUiSettings } = await import('../ui/server/ui-settings.ts')
  const { decodeEnvironment } = await import('../../kit/gateway-config/env-file.ts')
  const { serveUi } = await import('../ui/server/serve-ui.ts')
  const { openBrowser } = await import('../../kit/cli/open-browser.ts')
  // A release gives keys that not every reader of env files would read alike in another form.
  const settings = readUiSettings(decodeEnvironment(context.environment()))
  // There is a gateway next to it, which goes first.
  if (isBehindProxy(settings)) await keepToOneProcessor()
  const folder = (command.getOptionValueSource('out') === 'default' && settings.folder) || out
  const { isTextIndexEnabled } = context.settings()
  const onError = (error: Error) => terminal.err(`${error.stack}\n`)
  const options = { out: resolve(folder), port, settings, isTextIndexEnabled, onError }
  await serveUi(options, terminal.signal, (url) => {
    terminal.out(`${url}\n`)
    context.note('Open this URL within ten minutes; it logs in once. Ctrl-C ends the UI.')
    if (open && terminal.isErrTty) openBrowser(url)
  })
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('expected a port, 0 to 65535.')
  return Number(text)
}
