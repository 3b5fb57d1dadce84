import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { openBrowser } from '../../../kit/cli/open-browser.ts'
import { hasErrorCode } from '../../../kit/user-error.ts'
import { deployError } from '../../errors.ts'
import { type Host, type RemoteProcess, run } from '../../host/host.ts'
import { readUntil } from '../../host/read-until.ts'
import { untilEnded } from '../../host/until-ended.ts'
import { containerAddress, runUi } from '../../remote/logdb/ui.ts'
import { UI_PORT } from '../../server/layout.ts'
import type { Context } from '../../session/context.ts'
import { withServer } from '../../session/open-server.ts'
import { commandLine } from '../../session/shown/command-line.ts'
import type { Outcome } from '../../session/shown/report.ts'

interface UiFlags {
  port?: string | undefined
  open?: boolean | undefined
}

const LOOPBACK = '127.0.0.1'
const START_TIMEOUT_MS = 60_000

/** Shows the Logs UI of the server in a browser here, through the SSH connection, until the user ends it. */
export async function showUi(context: Context, flags: UiFlags): Promise<Outcome> {
  const { terminal, options } = context
  const port = readPort(flags.port)
  if (options.isJson) throw deployError('USAGE', '--json does not work with ui', 'leave it out')
  return withServer(context, async ({ connection: { host }, layout }) => {
    const container = `ai-proxy-ui-${randomBytes(4).toString('hex')}`
    const ui = await host.start(runUi(layout.folder, container, UI_PORT))
    try {
      const path = await loginPath(ui, context)
      const address = (await run(host, 'find the Logs UI', containerAddress(container))).trim()
      const sockets = new Set<Socket>()
      const server = await listen(port, (socket) => {
        sockets.add(socket.once('close', () => sockets.delete(socket)))
        forward(socket, host, address)
      })
      const url = `http://${LOOPBACK}:${(server.address() as AddressInfo).port}${path}`
      terminal.out(`${url}\n`)
      terminal.err('Open this URL within ten minutes; it logs in once. Ctrl-C ends the UI.\n')
      if (flags.open !== false && terminal.isErrTty) openBrowser(url)
      const { signal } = terminal
      if (!signal.aborted) await Promise.race([once(signal, 'abort'), once(ui.stdout, 'close')])
      server.close()
      for (const socket of sockets) socket.destroy()
      if (!signal.aborted) throw ended()
      return {}
    } finally {
      ui.end()
      await endOf(ui)
    }
  })
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw deployError('USAGE', `--port ${text} is not a port`, 'give one from 0 to 65535')
}

const LOGIN_PATH = /(\/ui\/login\/\S+)\n/

/** The path of the link that it prints. @throws UserError NOT_REACHABLE where it does not start */
async function loginPath({ stdout }: RemoteProcess, context: Context): Promise<string> {
  const signal = AbortSignal.any([AbortSignal.timeout(START_TIMEOUT_MS), context.terminal.signal])
  const said = await readUntil(stdout, LOGIN_PATH, signal)
  const [, path] = LOGIN_PATH.exec(said) ?? []
  if (path !== undefined) return path
  if (context.terminal.signal.aborted) throw deployError('INTERRUPTED', 'it was ended before it began', 'run it again')
  const why = said.trim().split('\n').at(-1) || 'there is no release with logdb, or it does not answer'
  const hint = `deploy this version, and look at the server: ${commandLine(context, 'status')}`
  throw deployError('NOT_REACHABLE', `the Logs UI did not start: ${why}`, hint)
}

/** On the wanted port; without one on the usual one, or any that is free. */
async function listen(port: number | undefined, onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onSocket).listen(port ?? UI_PORT, LOOPBACK)
  try {
    await once(server, 'listening')
    return server
  } catch (error) {
    if (!hasErrorCode(error, 'EADDRINUSE')) throw error
    if (port === undefined) return listen(0, onSocket)
    throw deployError('USAGE', `another program listens on port ${port} here`, 'choose another one with --port')
  }
}

/** A connection that breaks ends that page only. */
function forward(socket: Socket, host: Host, address: string): void {
  socket.on('error', () => {})
  host.connect(UI_PORT, address).then(
    (there) => {
      pipeline(socket, there).catch(() => {})
      pipeline(there, socket).catch(() => {})
    },
    () => socket.destroy(),
  )
}

function ended() {
  return deployError('NOT_REACHABLE', 'the Logs UI on the server has ended, or the connection was lost', 'run it again')
}

const END_WAIT_MS = 10_000

/** Its container is removed when this ends. */
async function endOf({ stdout }: RemoteProcess): Promise<void> {
  stdout.resume()
  await untilEnded(stdout, END_WAIT_MS)
}
