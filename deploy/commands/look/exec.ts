import { StringDecoder } from 'node:string_decoder'
import type { Terminal } from '../../../kit/cli/terminal.ts'
import type { Host } from '../../host/host.ts'
import { execIn } from '../../remote/looking/log-lines.ts'
import type { Context } from '../../session/context.ts'
import { withServer } from '../../session/open-server.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { liveContainer } from './live-container.ts'

/**
 * Runs a command in the live gateway's container, and its exit code is ours. In a terminal it has that terminal, as with
 * `docker exec -it`; elsewhere its output is shown as it comes.
 */
export async function execInGateway(context: Context, argv: readonly string[], takesStdin = false): Promise<Outcome> {
  const { terminal, options } = context
  return withServer(context, async ({ facts, connection: { host } }) => {
    const container = liveContainer(context, facts)
    const isInTerminal = terminal.isInTty && terminal.isOutTty && terminal.isErrTty && !options.isJson
    if (!isInTerminal) return execPlainly(host, { terminal, isShown: !options.isJson, takesStdin }, container, argv)
    const { exitCode } = await host.exec(execIn(container, argv, 'terminal'), { terminal: terminal.raw() })
    return { exitCode }
  })
}

interface PlainStreams {
  terminal: Terminal
  isShown: boolean
  takesStdin: boolean
}

async function execPlainly(
  host: Host,
  { terminal, isShown, takesStdin }: PlainStreams,
  container: string,
  argv: readonly string[],
): Promise<Outcome> {
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') }
  const show = { stdout: terminal.out, stderr: terminal.err }
  const { exitCode, stdout, stderr } = await host.exec(execIn(container, argv, takesStdin ? 'piped' : 'none'), {
    stdin: takesStdin ? await terminal.readIn() : '',
    ...(isShown && { onOutput: (chunk: Buffer, from: 'stdout' | 'stderr') => show[from](decoders[from].write(chunk)) }),
  })
  return { result: { exit_code: exitCode, stdout, stderr }, exitCode }
}
