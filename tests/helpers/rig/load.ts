import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Agent, type Dispatcher, request } from 'undici'
import type { RigServer } from '../../../scripts/rig/rig-file.ts'
import { agentFor } from './client.ts'
import { domainOf } from './rig-server.ts'

/** `keepAlive`: GET on one connection. `fresh`: GET on a new connection each. `post`: POST to echo. `stream`: a long answer. */
export type LoadKind = 'keepAlive' | 'fresh' | 'post' | 'stream'

export interface LoadOptions {
  apiKey: string
  /** HTTPS port of the edge. */
  port?: number
  /** How many loops of each kind run at the same time. */
  loops?: Partial<Record<LoadKind, number>>
  /** How long each stream takes. */
  streamS?: number
}

export interface LoadResult {
  /** Answers that were complete and right, by kind. */
  answers: Record<LoadKind, number>
  /** 99 of 100 answers came in this time; streams, which are slow on purpose, are left out. */
  p99Ms: number
  /** The longest time of such an answer. */
  maxMs: number
  /** Connections that were refused, reset or closed before the head of an answer, by code. */
  socketErrors: Record<string, number>
  /** Answers with another status than 2xx, by status. */
  badStatuses: Record<string, number>
  /** Answers that ended early or were wrong. */
  cut: number
  /** One text for each failure, the first 100. */
  failures: string[]
  /** Ids in the bodies of all POST requests that were answered well; the gateway logs each once. */
  ids: string[]
  /** Instances that answered. */
  releases: Set<string>
}

export interface Load {
  /** Waits for requests that have begun, and returns the counts. */
  stop(): Promise<LoadResult>
}

const PAUSE_MS = 5
const CHUNK_MS = 100
const DEFAULT_STREAM_S = 20
const DEFAULT_LOOPS: Record<LoadKind, number> = { keepAlive: 3, fresh: 2, post: 2, stream: 6 }
const FAILURES_SHOWN = 100

/**
 * Loads a gateway of the rig, through its edge, while it is being changed. Nothing is tried twice. Streams need a server
 * whose provider is the mock of the rig.
 */
export function startLoad(server: RigServer, options: LoadOptions): Load {
  const result: LoadResult = {
    answers: { keepAlive: 0, fresh: 0, post: 0, stream: 0 },
    ...{ p99Ms: 0, maxMs: 0, socketErrors: {}, badStatuses: {}, cut: 0 },
    ...{ failures: [], ids: [], releases: new Set<string>() },
  }
  const durationsMs: number[] = []
  const client = new LoadClient(server, options)
  const actions: Record<LoadKind, (agent: Agent) => Promise<Answer>> = {
    keepAlive: (agent) => client.get(agent),
    fresh: () => client.getOnNewConnection(),
    post: (agent) => client.post(agent),
    stream: (agent) => client.stream(agent),
  }
  let isRunning = true

  async function loop(kind: LoadKind): Promise<void> {
    const agent = agentFor(server, { connections: 1 })
    while (isRunning) {
      const start = performance.now()
      try {
        const { release, id } = await actions[kind](agent)
        result.answers[kind]++
        result.releases.add(release)
        if (id !== undefined) result.ids.push(id)
        if (kind !== 'stream') durationsMs.push(performance.now() - start)
      } catch (error) {
        addFailure(result, kind, error)
      }
      await delay(PAUSE_MS)
    }
    await agent.close()
  }

  const counts = { ...DEFAULT_LOOPS, ...options.loops }
  const kinds = Object.keys(actions) as LoadKind[]
  const loops = kinds.flatMap((kind) => Array.from({ length: counts[kind] }, () => loop(kind)))
  return {
    async stop() {
      isRunning = false
      await Promise.all(loops)
      durationsMs.sort((a, b) => a - b)
      result.p99Ms = Math.round(durationsMs[Math.floor(durationsMs.length * 0.99)] ?? 0)
      result.maxMs = Math.round(durationsMs.at(-1) ?? 0)
      return result
    },
  }
}

interface Answer {
  release: string
  id?: string
}

/** The head came, and was not 2xx. */
class BadStatus extends Error {
  readonly status: number

  constructor(status: number, text: string) {
    super(`${status} ${text.slice(0, 120)}`)
    this.status = status
  }
}

/** The head came and was 2xx, but what followed was incomplete or wrong. */
class CutAnswer extends Error {}

/** One request of each kind. */
class LoadClient {
  readonly #server: RigServer
  readonly #origin: string
  readonly #headers: Record<string, string>
  readonly #chunks: number

  constructor(server: RigServer, { apiKey, port = 443, streamS = DEFAULT_STREAM_S }: LoadOptions) {
    this.#server = server
    this.#origin = `https://${domainOf(server)}:${port}`
    this.#headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
    this.#chunks = Math.round((streamS * 1000) / CHUNK_MS)
  }

  async get(dispatcher: Agent): Promise<Answer> {
    const { release, text } = await this.#ask({ dispatcher, path: '/health', method: 'GET' })
    if (!text.includes('"ok"')) throw new CutAnswer(text.slice(0, 120))
    return { release }
  }

  async getOnNewConnection(): Promise<Answer> {
    const agent = agentFor(this.#server, { pipelining: 0 })
    return this.get(agent).finally(() => agent.close())
  }

  async post(dispatcher: Agent): Promise<Answer> {
    const id = randomUUID()
    const { release, text } = await this.#complete(dispatcher, { model: 'echo', content: id })
    if (!text.includes(id)) throw new CutAnswer(text.slice(0, 120))
    return { release, id }
  }

  async stream(dispatcher: Agent): Promise<Answer> {
    const id = randomUUID()
    const content = `mock/slow-${CHUNK_MS}x${this.#chunks} ${id}`
    const { release, text } = await this.#complete(dispatcher, { model: 'gpt-4o', content, stream: true })
    const chunks = text.split('\n').filter((line) => line.startsWith('data: {')).length
    const isComplete = text.trimEnd().endsWith('[DONE]') && chunks >= this.#chunks && !text.includes('"error"')
    if (!isComplete) throw new CutAnswer(`${chunks} chunks, ...${text.slice(-120)}`)
    return { release, id }
  }

  #complete(dispatcher: Agent, { content, ...rest }: { model: string; content: string; stream?: boolean }) {
    const body = JSON.stringify({ ...rest, messages: [{ role: 'user', content }] })
    return this.#ask({ dispatcher, path: '/v1/chat/completions', method: 'POST', body })
  }

  async #ask({ path, ...options }: { dispatcher: Agent; path: string; method: Dispatcher.HttpMethod; body?: string }) {
    const startMs = performance.now()
    const answer = await request(`${this.#origin}${path}`, { ...options, headers: this.#headers })
    const release = String(answer.headers['x-ai-proxy-release'])
    const text = await answer.body.text().catch((error: unknown) => {
      const afterS = Math.round((performance.now() - startMs) / 1000)
      const which = `${release}, request ${answer.headers['x-request-id']}`
      throw new CutAnswer(`the answer of ${which} breaks off after ${afterS} s: ${codeOf(error)}`)
    })
    if (answer.statusCode < 200 || answer.statusCode > 299) throw new BadStatus(answer.statusCode, text)
    return { release, text }
  }
}

function addFailure(result: LoadResult, kind: LoadKind, error: unknown): void {
  if (error instanceof BadStatus) count(result.badStatuses, String(error.status))
  else if (error instanceof CutAnswer) result.cut++
  else count(result.socketErrors, codeOf(error))
  const text = error instanceof Error ? error.message : String(error)
  if (result.failures.length < FAILURES_SHOWN) result.failures.push(`${kind}: ${text}`)
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}

function codeOf(error: unknown): string {
  return (error instanceof Error && 'code' in error && String(error.code)) || String(error)
}
