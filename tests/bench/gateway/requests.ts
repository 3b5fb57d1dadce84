import { cpuTimeMs } from '../../helpers/process-usage.ts'
import { median } from '../numbers.ts'
import { type Figure, printTable } from '../table.ts'
import type { Contender } from './contenders.ts'
import { type LoadResult, type Target, wrk } from './wrk.ts'

export interface RequestsOptions {
  /** The upstream itself, for what a relay adds. */
  direct: Target
  contenders: Contender[]
  folder: string
}

interface Sample extends LoadResult {
  cpuUsPerRequest: number
}

const ROUNDS = 5
const BUSY = { connections: 32, durationS: 3 }
const ALONE = { connections: 1, durationS: 1 }

/** About 1 KB, as a short conversation is. */
export const REQUEST_BODY = JSON.stringify({
  model: 'bench-model',
  messages: [
    { role: 'system', content: 'You are a helpful assistant who answers briefly. '.repeat(6) },
    { role: 'user', content: 'What is the weather like in Oslo today, and what should I wear? '.repeat(8) },
  ],
  temperature: 0.7,
  max_tokens: 256,
})

/** Throughput and CPU with 32 connections, and the latency that one client sees. The contenders take turns. */
export async function measureRequests({ direct, contenders, folder }: RequestsOptions): Promise<Figure[]> {
  const all = [{ ...direct, name: 'direct', pid: undefined }, ...contenders]
  const busy = new Map<string, Sample[]>()
  const alone = new Map<string, Sample[]>()
  for (const target of contenders) await wrk(target, { ...BUSY, durationS: 2, body: REQUEST_BODY, folder })
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of all) push(busy, target.name, await sample(target, { ...BUSY, folder }))
    for (const target of all) push(alone, target.name, await sample(target, { ...ALONE, folder }))
  }
  return report(all.map(({ name }) => summary(name, busy.get(name) ?? [], alone.get(name) ?? [])))
}

async function sample(
  target: Target & { pid: number | undefined },
  load: typeof BUSY & { folder: string },
): Promise<Sample> {
  const before = target.pid === undefined ? Number.NaN : cpuTimeMs(target.pid)
  const result = await wrk(target, { ...load, body: REQUEST_BODY })
  const after = target.pid === undefined ? Number.NaN : cpuTimeMs(target.pid)
  return { ...result, cpuUsPerRequest: ((after - before) * 1_000) / result.requests }
}

interface Summary {
  name: string
  requestsPerS: number
  cpuUs: number
  p50Ms: number
  p99Ms: number
  aloneMs: number
  failed: number
}

function summary(name: string, busy: Sample[], alone: Sample[]): Summary {
  return {
    name,
    requestsPerS: median(busy.map((one) => one.requestsPerS)),
    cpuUs: median(busy.map((one) => one.cpuUsPerRequest)),
    p50Ms: median(busy.map((one) => one.p50Ms)),
    p99Ms: median(busy.map((one) => one.p99Ms)),
    aloneMs: median(alone.map((one) => one.p50Ms)),
    failed: [...busy, ...alone].reduce((sum, { failed }) => sum + failed, 0),
  }
}

function report(summaries: Summary[]): Figure[] {
  const of = (name: string) => summaries.find((one) => one.name === name)
  const [direct, nginx, bare, gateway, portkey] = ['direct', 'nginx', 'bare relay', 'gateway', 'Portkey'].map(of)
  const ratio = (one: number | undefined, other: number | undefined) => (one ?? Number.NaN) / (other ?? Number.NaN)
  printTable(
    `Not streamed, ${Buffer.byteLength(REQUEST_BODY)} bytes, medians of ${ROUNDS} rounds in turn`,
    [
      '',
      'requests/s',
      'x nginx',
      'CPU us',
      'x bare relay',
      'p50 ms',
      'p99 ms',
      'one client, p50 ms',
      'added ms',
      'failed',
    ],
    summaries.map((one) => [
      one.name,
      one.requestsPerS,
      ratio(one.requestsPerS, nginx?.requestsPerS),
      one.cpuUs,
      ratio(one.cpuUs, bare?.cpuUs),
      one.p50Ms,
      one.p99Ms,
      one.aloneMs,
      one.aloneMs - (direct?.aloneMs ?? Number.NaN),
      String(one.failed),
    ]),
  )
  return [
    {
      what: 'requests/s against nginx',
      measured: ratio(gateway?.requestsPerS, nginx?.requestsPerS),
      unit: 'x',
      asked: { atLeast: 0.35 },
    },
    {
      what: 'requests/s against Portkey',
      measured: ratio(gateway?.requestsPerS, portkey?.requestsPerS),
      unit: 'x',
      asked: { atLeast: 12 },
    },
    {
      what: 'CPU per request against a bare relay',
      measured: ratio(gateway?.cpuUs, bare?.cpuUs),
      unit: 'x',
      asked: { atMost: 1.5 },
    },
    {
      what: 'latency added for one client, p50',
      measured: (gateway?.aloneMs ?? Number.NaN) - (direct?.aloneMs ?? Number.NaN),
      unit: 'ms',
      asked: { atMost: 0.2 },
    },
  ]
}

function push<T>(samples: Map<string, T[]>, name: string, one: T): void {
  samples.set(name, [...(samples.get(name) ?? []), one])
}
