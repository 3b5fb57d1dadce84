import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../../kit/package-root.ts'
import { freePort, type RunningProcess, startServer } from '../helpers/process/server-process.ts'
import { measureGatewayBeside, NICENESS } from './logdb-ui/gateway-beside.ts'
import { measureKeys } from './logdb-ui/key-times.ts'
import { daysOf, madeStore, storeScale } from './logdb-ui/made-store.ts'
import { measurePages } from './logdb-ui/page-times.ts'
import { UiClient } from './logdb-ui/ui-client.ts'
import type { Figure } from './table.ts'

const KEY = 'bench-key-of-a-reader'
const MB = 1_000_000
const MAX_MB = 200

/** The Logs UI over 30 days with a million requests: how quickly pages come, and what else it takes. */
export async function run(): Promise<Figure[]> {
  await promisify(execFile)('npm', ['run', 'build'], { cwd: packageRoot() })
  const scale = storeScale()
  const out = await madeStore(scale)
  const { server, origin } = await startUi(out)
  const client = new UiClient(origin)
  const folder = mkdtempSync(join(tmpdir(), 'ai-deploy-bench-'))
  try {
    await client.logIn(KEY)
    const pages = await measurePages({ client, pid: server.pid, out, days: daysOf(scale) })
    const peakMb = mostResidentBytes(server.pid) / MB
    const memory = { what: 'memory of the UI, most', measured: peakMb, unit: 'MB', asked: { atMost: MAX_MB } }
    const keys = await measureKeys(origin, KEY, `/ui/requests?to=${daysOf(scale).at(-1)}`)
    return [...pages, ...keys, memory, ...(await measureGatewayBeside(client, folder, daysOf(scale)))]
  } finally {
    await client.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As it is installed: only what is compiled has threads. */
async function startUi(out: string): Promise<{ server: RunningProcess; origin: string }> {
  const port = await freePort()
  const cli = join(packageRoot(), 'dist/logdb/cli.js')
  const args = ['--no-dotenv', 'ui', '--no-open', '--port', String(port), '--out', out]
  const command = ['nice', '-n', NICENESS, process.execPath, cli, ...args]
  // With a host it is next to a gateway, as on a server.
  const env = { LOGUI_API_KEYS: KEY, LOGUI_HOST: 'localhost' }
  const server = await startServer(command, { cwd: dirname(out), env, port })
  return { server, origin: `http://127.0.0.1:${port}` }
}

/** Since it was started; Linux only. */
function mostResidentBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) * 1024
}
