import { StringDecoder } from 'node:string_decoder'
import { execIn } from '../../remote/looking/log-lines.ts'
import type { Context } from '../../session/context.ts'
import { withServer } from '../../session/open-server.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { liveContainer } from './live-container.ts'

/** Runs a command in the live gateway's container. Its output is shown as it comes, and its exit code is ours. */
export async function execInGateway(context: Context, argv: readonly string[], takesStdin = false): Promise<Outcome> {
  const { terminal, options } = context
  return withServer(context, async ({ facts, connection }) => {
    const command = execIn(liveContainer(context, facts), argv, takesStdin)
    const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') }
    const show = { stdout: terminal.out, stderr: terminal.err }
    const { exitCode, stdout, stderr } = await connection.host.exec(command, {
      stdin: takesStdin ? await terminal.readIn() : '',
      ...(!options.isJson && { onOutput: (chunk, from) => show[from](decoders[from].write(chunk)) }),
    })
    return { result: { exit_code: exitCode, stdout, stderr }, exitCode }
  })
}
