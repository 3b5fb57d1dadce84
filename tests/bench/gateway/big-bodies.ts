import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'undici'
import { spawnScript } from '../../helpers/process/server-process.ts'
import { median, percentile } from '../numbers.ts'
import { type Figure, printTable } from '../table.ts'
import { monotonicMs } from './clock.ts'
import type { Contender } from './contenders.ts'
import { REQUEST_BODY } from './requests.ts'
import type { Target } from './wrk.ts'

interface Sample {
  /** Median latency of a small request while no big one is under way. */
  quietMs: number
  /** For each big body: how much longer than that the slowest small request took that met it. */
  delaysMs: number[]
}

const BIG_BYTES = 5_000_000
const TIMES = 30
const PAUSE_MS = 2

/** How much a body of 5 MB holds up the small requests of others. */
export async function measureBigBodies(contenders: Contender[]): Promise<Figure[]> {
  const samples: [string, Sample][] = []
  for (const contender of contenders) samples.push([contender.name, await sample(contender)])
  printTable(
    `Small requests while ${TIMES} bodies of 5 MB with images pass`,
    ['', 'alone, p50 ms', 'delayed by, median ms', 'p95 ms', 'max ms'],
    samples.map(([name, { quietMs, delaysMs }]) => [
      name,
      quietMs,
      ...[50, 95, 100].map((percent) => percentile(delaysMs, percent)),
    ]),
  )
  const delaysMs = samples.find(([name]) => name === 'gateway')?.[1].delaysMs ?? []
  return [
    {
      what: 'delay of others by a 5 MB body, p95 of the worst hit',
      measured: percentile(delaysMs, 95),
      unit: 'ms',
      asked: { atMost: 15 },
    },
  ]
}

async function sample(target: Target): Promise<Sample> {
  const args = [target.url, JSON.stringify(target.headers), String(BIG_BYTES), String(TIMES)]
  const big = spawnScript(join(import.meta.dirname, 'big-body-client.ts'), args)
  let stdout = ''
  big.stdout.on('data', (text) => {
    stdout += text
  })
  let running = true
  const small = smallRequests(target, () => running)
  await once(big, 'close')
  running = false
  return evaluate(await small, JSON.parse(stdout))
}

/** [from, to] of each, in ms. */
async function smallRequests({ url, headers }: Target, goOn: () => boolean): Promise<[number, number][]> {
  const { origin, pathname } = new URL(url)
  const client = new Client(origin)
  const sent: [number, number][] = []
  while (goOn()) {
    const from = monotonicMs()
    const response = await client.request({
      method: 'POST',
      path: pathname,
      headers: { 'content-type': 'application/json', ...headers },
      body: REQUEST_BODY,
    })
    await response.body.dump()
    sent.push([from, monotonicMs()])
    await sleep(PAUSE_MS)
  }
  await client.close()
  return sent
}

function evaluate(small: [number, number][], big: [number, number][]): Sample {
  const meets = (one: [number, number], other: [number, number]) => one[0] < other[1] && other[0] < one[1]
  const latency = ([from, to]: [number, number]) => to - from
  const quietMs = median(small.filter((one) => !big.some((other) => meets(one, other))).map(latency))
  const delaysMs = big.map((one) => {
    const met = small.filter((other) => meets(one, other)).map(latency)
    return Math.max(0, ...met.map((ms) => ms - quietMs))
  })
  return { quietMs, delaysMs }
}
