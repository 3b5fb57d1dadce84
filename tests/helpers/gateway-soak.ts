import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { residentBytes, tcpConnections } from './process-usage.ts'
import { type Random, seededRandom } from './random.ts'
import { freePort, type RunningProcess, startScript, startServer } from './server-process.ts'

export interface SoakOptions {
  /** Command of the gateway. */
  command: string[]
  streams: number
  durationMs: number
  seed: number
}

export interface SoakReport {
  /** Requests by how they went: the mode, and `left` if the client did not wait for the end. */
  sent: Record<string, number>
  /** Answers that should have been whole and were not. */
  broken: string[]
  /** Of the gateway, once a second, in bytes. */
  resident: number[]
  /** Connections that the gateway still has once all clients are gone and the provider's have had time to time out. */
  connections: number
  /** Ids of requests without a record though the provider saw them or the client was answered. */
  missing: string[]
  /** Ids of requests with more than one record. */
  doubled: string[]
}

interface Plan {
  mode: string
  stream: boolean
  /** The client leaves after so many pieces of the answer, or before it, or not at all. */
  leaves: { afterPieces: number } | { afterMs: number } | null
}

const KEY = 'a-key-for-the-soak'
const SAMPLE_EVERY_MS = 1_000
const IDLE_TIMEOUT_MS = 15_000

/**
 * Runs the gateway as a process in front of the mock provider, also a process, and keeps so many requests going: most of
 * them streams, some of which break upstream, and every third is left by the client at random.
 */
export async function soak({ command, streams, durationMs, seed }: SoakOptions): Promise<SoakReport> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-soak-'))
  const upstream = await startMock()
  const gateway = await startGateway(command, folder, upstream.url).catch(async (error: unknown) => {
    await upstream.stop()
    throw error
  })
  const dispatcher = new Agent()
  try {
    const load = new Load(gateway.url, dispatcher)
    const sampler = sample(() => residentBytes(gateway.pid))
    const deadline = performance.now() + durationMs
    await Promise.all(Array.from({ length: streams }, (_, index) => load.keepGoing(seed + index, deadline)))
    const resident = sampler.stop()
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
  } finally {
    await dispatcher.destroy()
    await Promise.all([gateway.stop(), upstream.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Clients that ask, and what became of it. */
class Load {
  readonly sent: Record<string, number> = {}
  readonly broken: string[] = []
  /** Ids of requests whose answer began. */
  readonly answered = new Set<string>()
  readonly #url: string
  readonly #dispatcher: Agent
  #count = 0

  constructor(url: string, dispatcher: Agent) {
    this.#url = url
    this.#dispatcher = dispatcher
  }

  async keepGoing(seed: number, deadline: number): Promise<void> {
    const random = seededRandom(seed)
    // So that they do not all begin at once.
    await sleep(random.below(500))
    while (performance.now() < deadline) await this.#ask(plan(random))
  }

  async #ask({ mode, stream, leaves }: Plan): Promise<void> {
    const id = `soak-${this.#count++}`
    const name = `${mode.replace(/\d+/g, 'n')}${stream ? ' stream' : ''}${leaves ? ' left' : ''}`
    this.sent[name] = (this.sent[name] ?? 0) + 1
    const signal = leaves && 'afterMs' in leaves ? AbortSignal.timeout(leaves.afterMs) : null
    const text = await this.#read(id, { mode, stream, leaves }, signal).catch((error: unknown) => {
      if (!signal?.aborted) throw error
    })
    if (leaves || !isLasting(mode)) return
    const count = Number(/\d+$/.exec(mode)?.[0])
    const isWhole = text?.includes(`${count} `) && (!stream || text.endsWith('data: [DONE]\n\n'))
    if (!isWhole) this.broken.push(`${id} ${mode}: ${text?.slice(-300)}`)
  }

  async #read(id: string, { mode, stream, leaves }: Plan, signal: AbortSignal | null): Promise<string> {
    const response = await request(`${this.#url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}`, 'x-dialog-id': id },
      body: JSON.stringify({
        model: `mock/${mode}`,
        stream,
        user: id,
        messages: [{ role: 'user', content: 'Hi there' }],
      }),
      dispatcher: this.#dispatcher,
      signal,
    })
    this.answered.add(id)
    let text = ''
    let pieces = 0
    for await (const piece of response.body) {
      text += piece
      if (leaves && 'afterPieces' in leaves && ++pieces > leaves.afterPieces) break
    }
    return text
  }
}

function plan(random: Random): Plan {
  const lasting = `slow-${40 + random.below(80)}x${2 + random.below(30)}`
  const mode =
    random.below(3) > 0 ? lasting : random.pick(['cut-3', 'reset-3', 'error-chunk', '500', '429', 'bytes', 'hang'])
  const stream = random.below(8) > 0
  if (mode === 'hang') return { mode, stream, leaves: { afterMs: 50 + random.below(500) } }
  if (!isLasting(mode)) return { mode, stream: true, leaves: null }
  if (random.below(3) > 0) return { mode, stream, leaves: null }
  return { mode, stream, leaves: stream ? { afterPieces: random.below(20) } : { afterMs: 50 + random.below(500) } }
}

function isLasting(mode: string): boolean {
  return mode.startsWith('slow-')
}

async function startMock() {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const process = await startScript(join(import.meta.dirname, 'mock-upstream.ts'), [String(port)], {
    cwd: tmpdir(),
    port,
  })
  const seen = async () => {
    const { body } = await request(`${url}/__requests`, { dispatcher: new Agent({ pipelining: 0 }) })
    const requests = (await body.json()) as { body: string }[]
    return requests.map((one) => String(JSON.parse(one.body).user))
  }
  return { ...process, url, seen }
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
  return { ...process, url: `http://127.0.0.1:${port}` }
}

function sample(read: () => number) {
  const values: number[] = []
  const timer = setInterval(() => values.push(read()), SAMPLE_EVERY_MS)
  return {
    stop: () => {
      clearInterval(timer)
      return values
    },
  }
}

/** What is left after a while, which is 0 at best. */
async function untilZero(read: () => number): Promise<number> {
  const deadline = performance.now() + IDLE_TIMEOUT_MS
  while (read() > 0 && performance.now() < deadline) await sleep(100)
  return read()
}

/** How many records there are of each dialog id. */
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
