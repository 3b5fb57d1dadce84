import { cpuTimeMs } from '../../helpers/process/usage.ts'
import { median, medianDifference, medianRatio } from '../numbers.ts'
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

interface Rounds {
  busy: Sample[]
  alone: Sample[]
}

/** The gateway whose records have no bodies. */
export const WITHOUT_BODIES = 'without bodies'

const ROUNDS = 5
const WARM_UP_S = 3
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
  const rounds = new Map<string, Rounds>(all.map(({ name }) => [name, { busy: [], alone: [] }]))
  for (const target of contenders) await wrk(target, { ...BUSY, durationS: WARM_UP_S, body: REQUEST_BODY, folder })
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of all) rounds.get(target.name)?.busy.push(await sample(target, { ...BUSY, folder }))
    for (const target of all) rounds.get(target.name)?.alone.push(await sample(target, { ...ALONE, folder }))
  }
  return report(rounds)
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

function report(rounds: Map<string, Rounds>): Figure[] {
  const busy = (name: string, value: (one: Sample) => number) => (rounds.get(name)?.busy ?? []).map(value)
  const requestsPerS = (name: string) => busy(name, (one) => one.requestsPerS)
  const cpuUs = (name: string) => busy(name, (one) => one.cpuUsPerRequest)
  const aloneMs = (name: string) => (rounds.get(name)?.alone ?? []).map((one) => one.p50Ms)
  const addedMs = (name: string) => medianDifference(aloneMs(name), aloneMs('direct'))
  printTable(
    `Not streamed, ${Buffer.byteLength(REQUEST_BODY)} bytes, medians of ${ROUNDS} rounds in turn`,
    ['', 'requests/s', 'x nginx', 'CPU us', 'x bare relay', 'p50 ms', 'p99 ms', 'one client ms', 'added ms', 'failed'],
    [...rounds].map(([name, { busy: samples, alone }]) => [
      name,
      median(requestsPerS(name)),
      medianRatio(requestsPerS(name), requestsPerS('nginx')),
      median(cpuUs(name)),
      medianRatio(cpuUs(name), cpuUs('bare relay')),
      median(samples.map((one) => one.p50Ms)),
      median(samples.map((one) => one.p99Ms)),
      median(aloneMs(name)),
      addedMs(name),
      String([...samples, ...alone].reduce((sum, { failed }) => sum + failed, 0)),
    ]),
  )
  const against = (name: string) => medianRatio(requestsPerS('gateway'), requestsPerS(name))
  const cpuRatio = medianRatio(cpuUs('gateway'), cpuUs('bare relay'))
  return [
    { what: 'requests/s against nginx', measured: against('nginx'), unit: 'x', asked: { atLeast: 0.3 } },
    { what: 'requests/s against Portkey', measured: against('Portkey'), unit: 'x', asked: { atLeast: 15 } },
    { what: 'requests/s against LiteLLM', measured: against('LiteLLM'), unit: 'x', asked: { atLeast: 100 } },
    {
      what: 'requests/s with bodies in the log',
      measured: against(WITHOUT_BODIES),
      unit: 'x',
      asked: { atLeast: 0.8 },
    },
    { what: 'CPU per request against a bare relay', measured: cpuRatio, unit: 'x', asked: { atMost: 1.6 } },
    { what: 'latency added for one client, p50', measured: addedMs('gateway'), unit: 'ms', asked: { atMost: 0.2 } },
  ]
}
