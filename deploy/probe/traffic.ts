import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { Agent } from 'undici'
import { ECHO } from '../../kit/providers.ts'
import { errorMessage } from '../../kit/user-error.ts'
import { connectFromHere, type OutsideView } from './outside-probe.ts'
import { RELEASE_HEADER } from './probe.ts'
import { PROBE_TIMEOUT_MS } from './tls.ts'

/**
 * `keep-alive`: completions on one connection. `new connection`: each on a connection of its own. `stream`: the request
 * is sent slowly and the answer is streamed, so that one is always running.
 */
type TrafficKind = 'keep-alive' | 'new connection' | 'stream'

/** How often requests are sent, and for how long. */
export interface TrafficPace {
  /** Each loop sends one request after another, at most one in each interval. */
  loops: readonly { kind: TrafficKind; intervalMs: number }[]
  /** How long the request of a stream takes until it is sent. */
  sendingMs: number
  /** Nothing is sent after this. */
  maxS: number
}

/** Bounds what an owner's server gets. */
export const DRILL_TRAFFIC: TrafficPace = {
  loops: [
    { kind: 'keep-alive', intervalMs: 100 },
    { kind: 'new connection', intervalMs: 200 },
    { kind: 'stream', intervalMs: 1000 },
    { kind: 'stream', intervalMs: 1000 },
    { kind: 'stream', intervalMs: 1000 },
  ],
  sendingMs: 3000,
  maxS: 180,
}

/** Of all loops together. */
export function maxRequestsPerS({ loops }: TrafficPace): number {
  return loops.reduce((sum, { intervalMs }) => sum + 1000 / intervalMs, 0)
}

const STREAM_PIECES = 10
const FAILURES_KEPT = 20

export interface TrafficOptions {
  /** https://name[:port] */
  url: string
  apiKey: string | null
  outside: OutsideView
  /** Of their log records: X-Dialog-Id. */
  dialogId: string
  pace: TrafficPace
}

/** What came of the requests so far. */
export interface TrafficCounts {
  /** Answers that were complete and right. */
  answers: Record<TrafficKind, number>
  /** The same, by the instance that answered. */
  answersBy: Record<string, number>
  failed: number
  /** One sentence each; the first twenty. */
  failures: string[]
  /** From the last byte of the request to the last one of the answer; undefined before the first answer. */
  slowest: { kind: TrafficKind; ms: number } | undefined
  /** Its time was over before somebody ended it. */
  isOverdue: boolean
}

/** Requests that are sent until somebody ends them, or until their time is over. */
export interface Traffic {
  counts(): TrafficCounts
  /** Waits for what is running. */
  end(): Promise<TrafficCounts>
}

/** Sends completions of the built-in model through the edge, as clients do from this machine. Nothing is tried twice. */
export async function startTraffic(options: TrafficOptions): Promise<Traffic> {
  const { Agent } = await import('undici')
  const { pace } = options
  const connect = connectFromHere(options.url, options.outside)
  const limits = { headersTimeout: PROBE_TIMEOUT_MS, bodyTimeout: PROBE_TIMEOUT_MS, connect }
  const open = () => new Agent({ ...limits, connections: 1 })
  const counts: TrafficCounts = {
    answers: { 'keep-alive': 0, 'new connection': 0, stream: 0 },
    ...{ answersBy: {}, failed: 0, failures: [], slowest: undefined, isOverdue: false },
  }
  const ending = new AbortController()
  const until = performance.now() + pace.maxS * 1000
  const loops = pace.loops.map(({ kind, intervalMs }, index) => {
    const firstMs = firstOf(pace, index)
    return loop({ kind, intervalMs, firstMs, until, signal: ending.signal }, open, (agent) =>
      count(counts, kind, () => ask(agent, kind, options)),
    )
  })
  return {
    counts: () => counts,
    async end() {
      if (!ending.signal.aborted) counts.isOverdue = performance.now() > until
      ending.abort()
      await Promise.all(loops)
      return counts
    },
  }
}

/** Streams begin one after another: a switch always finds one that has just begun, and one that is about to end. */
function firstOf({ loops, sendingMs }: TrafficPace, index: number): number {
  const kind = loops[index]?.kind
  const alike = loops.flatMap((one, at) => (one.kind === kind ? at : []))
  const turnMs = kind === 'stream' ? sendingMs : 0
  return (alike.indexOf(index) / alike.length) * turnMs
}

interface Loop {
  kind: TrafficKind
  intervalMs: number
  firstMs: number
  /** By performance.now(). */
  until: number
  signal: AbortSignal
}

async function loop(wanted: Loop, open: () => Agent, send: (agent: Agent) => Promise<void>): Promise<void> {
  const { kind, intervalMs, firstMs, until, signal } = wanted
  const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => {})
  await pause(firstMs)
  let agent = open()
  while (!signal.aborted && performance.now() < until) {
    const next = performance.now() + intervalMs
    await send(agent)
    if (kind === 'new connection') {
      await agent.close()
      agent = open()
    }
    await pause(Math.max(next - performance.now(), 0))
  }
  await agent.close()
}

interface TrafficAnswer {
  release: string
  ms: number
}

async function count(counts: TrafficCounts, kind: TrafficKind, send: () => Promise<TrafficAnswer>): Promise<void> {
  try {
    const { release, ms } = await send()
    counts.answers[kind]++
    counts.answersBy[release] = (counts.answersBy[release] ?? 0) + 1
    if (counts.slowest === undefined || ms > counts.slowest.ms) counts.slowest = { kind, ms: Math.round(ms) }
  } catch (error) {
    counts.failed++
    const what = `${new Date().toISOString()} ${kind}: ${errorMessage(error)}`
    if (counts.failures.length < FAILURES_KEPT) counts.failures.push(what)
  }
}

/** @throws Error if the answer does not come, or is not what it must be */
async function ask(agent: Agent, kind: TrafficKind, options: TrafficOptions): Promise<TrafficAnswer> {
  const token = `ai-deploy-drill-${randomUUID()}`
  const isStream = kind === 'stream'
  const body = JSON.stringify({ model: ECHO, messages: [{ role: 'user', content: `Say ${token}` }], stream: isStream })
  let sentAt = performance.now()
  const answer = await agent.request({
    origin: options.url,
    path: '/v1/chat/completions',
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-dialog-id': options.dialogId,
      ...(options.apiKey !== null && { authorization: `Bearer ${options.apiKey}` }),
    },
    body: isStream ? Readable.from(inPieces(body, options.pace.sendingMs, () => (sentAt = performance.now()))) : body,
  })
  const text = await answer.body.text()
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${text.slice(0, 120)}`.trimEnd())
  const isWhole = text.includes(token) && (!isStream || text.trimEnd().endsWith('[DONE]'))
  if (!isWhole) throw new Error(`the answer is not whole: ...${text.slice(-120)}`)
  return { release: String(answer.headers[RELEASE_HEADER]), ms: performance.now() - sentAt }
}

/** As from a slow client: the request runs for this time before it can be answered. */
async function* inPieces(body: string, sendingMs: number, onSent: () => void): AsyncGenerator<Buffer> {
  const size = Math.ceil(body.length / STREAM_PIECES)
  for (let start = 0; start < body.length; start += size) {
    await delay(sendingMs / STREAM_PIECES)
    yield Buffer.from(body.slice(start, start + size))
  }
  onSent()
}
