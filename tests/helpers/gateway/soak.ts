import { readdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { onTestFinished } from 'vitest'
import { freePort, type RunningProcess, startScript, startServer } from '../process/server-process.ts'
import { residentBytes, tcpConnections } from '../process/usage.ts'
import { tempFolder } from '../temp-folder.ts'
import { KEY, SoakLoad } from './soak-load.ts'

export interface SoakOptions {
  /** Command of the gateway. */
  command: string[]
  streams: number
  durationMs: number
  seed: number
}

export interface SoakReport {
  /** Number of requests by mode, with `left` if the client did not wait for the end. */
  sent: Record<string, number>
  /** Answers that should have been complete and were not. */
  broken: string[]
  /** Memory of the gateway, once a second, in bytes. */
  resident: number[]
  /** Connections that the gateway still has after all clients left and those to the provider had time to end. */
  connections: number
  /** Ids of requests without a record that reached the provider or were answered. */
  missing: string[]
  /** Ids of requests with more than one record. */
  doubled: string[]
}

const SAMPLE_EVERY_MS = 1_000
/**
 * Longer than the 30 s for which the gateway keeps an idle connection to a provider. Most end after the 3 s that the provider
 * announces, but undici may open a new one after a client left, which carries no answer and so no announcement.
 */
const IDLE_TIMEOUT_MS = 45_000

/**
 * Runs the gateway in front of the mock provider, both as processes, under constant load: most requests are streams, some
 * of them break at the provider, and the client leaves every third one at a random moment.
 */
export async function soak({ command, streams, durationMs, seed }: SoakOptions): Promise<SoakReport> {
  const folder = tempFolder()
  const port = await freePort()
  const [upstream, gateway] = await Promise.all([
    startMock(port, folder),
    startGateway(command, folder, `http://127.0.0.1:${port}`),
  ])
  const dispatcher = new Agent()
  onTestFinished(() => dispatcher.destroy())
  const load = new SoakLoad(gateway.url, dispatcher)
  const deadline = performance.now() + durationMs
  const clients = Array.from({ length: streams }, (_, index) => load.keepGoing(seed + index, deadline))
  const resident = await sampleDuring(Promise.all(clients), () => residentBytes(gateway.pid))
  await dispatcher.destroy()
  const connections = await untilZero(() => tcpConnections(gateway.pid))
  await gateway.stop()
  const counts = await countRecords(join(folder, 'logs'))
  const expected = new Set([...load.answered, ...(await upstream.seen())])
  return {
    sent: load.sent,
    broken: load.broken,
    resident,
    connections,
    missing: [...expected].filter((id) => !counts.has(id)),
    doubled: [...counts].filter(([, count]) => count > 1).map(([id]) => id),
  }
}

async function startMock(port: number, cwd: string) {
  const process = await startScript(join(import.meta.dirname, 'mock-upstream.ts'), [String(port)], { cwd, port })
  onTestFinished(process.kill)
  const seen = async () => {
    const { body } = await request(`http://127.0.0.1:${port}/__requests`, { dispatcher: new Agent({ pipelining: 0 }) })
    const requests = (await body.json()) as { body: string }[]
    return requests.map((one) => String(JSON.parse(one.body).user))
  }
  return { ...process, seen }
}

async function startGateway(
  [program = '', ...args]: string[],
  folder: string,
  upstream: string,
): Promise<RunningProcess & { url: string }> {
  const port = await freePort()
  const configPath = join(folder, 'config.yml')
  writeFileSync(configPath, 'model_mappings:\n  "mock/*": "openrouter:mock/*"\n')
  const env = {
    PORT: String(port),
    METRICS_PORT: String(await freePort()),
    API_KEYS: KEY,
    CONFIG_PATH: configPath,
    LOG_DIR: join(folder, 'logs'),
    OPENROUTER_API_KEY: 'upstream-key',
    OPENROUTER_BASE_URL: upstream,
  }
  const process = await startServer([program, ...args, '--no-dotenv'], { cwd: folder, env, port })
  onTestFinished(process.kill)
  return { ...process, url: `http://127.0.0.1:${port}` }
}

async function sampleDuring(work: Promise<unknown>, read: () => number): Promise<number[]> {
  const values: number[] = []
  const timer = setInterval(() => values.push(read()), SAMPLE_EVERY_MS)
  try {
    await work
    return values
  } finally {
    clearInterval(timer)
  }
}

/** The value after some time, which is 0 if all went well. */
async function untilZero(read: () => number): Promise<number> {
  const deadline = performance.now() + IDLE_TIMEOUT_MS
  while (read() > 0 && performance.now() < deadline) await sleep(100)
  return read()
}

/** The number of records for each dialog id. */
async function countRecords(logDir: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const name of readdirSync(logDir)) {
    const file = await open(join(logDir, name))
    for await (const line of file.readLines()) {
      const { dialog_id: id } = JSON.parse(line)
      counts.set(id, (counts.get(id) ?? 0) + 1)
    }
  }
  return counts
}
