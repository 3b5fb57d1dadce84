import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort, spawnScript, startScript } from '../../helpers/process/server-process.ts'
import { cpuTimeMs, residentBytes } from '../../helpers/process/usage.ts'
import { median, medianDifference, medianRatio } from '../numbers.ts'
import { type Figure, printTable } from '../table.ts'
import { type Contender, startBareRelay, startGateway } from './contenders.ts'
import type { StreamResult } from './stream-client.ts'
import type { Target } from './wrk.ts'

interface Sample extends StreamResult {
  cpuUsPerChunk: number
  rssMb: number
}

const STREAMS = 1_000
const CHUNK_EVERY_MS = 100
const ROUNDS = 3
const WINDOW_S = 6
const BYTES_PER_MB = 1e6

/** 1,000 live streams with 10 chunks a second each, through fresh processes, and the memory that they need. */
export async function measureStreams(folder: string): Promise<Figure[]> {
  const port = await freePort()
  const sse = await startScript(join(import.meta.dirname, 'sse-upstream.ts'), [String(port), String(CHUNK_EVERY_MS)], {
    cwd: folder,
    port,
  })
  const address = { folder, upstream: `http://127.0.0.1:${port}` }
  const bare = await startBareRelay(address)
  const gateway = await startGateway(address)
  try {
    const direct = { name: 'direct', url: `${address.upstream}/v1/chat/completions`, headers: {}, pid: undefined }
    const samples = await takeTurns([direct, bare, gateway])
    return report(samples)
  } finally {
    await Promise.all([gateway, bare, sse].map((server) => server.stop()))
  }
}

type Named = Target & { name: string; pid: Contender['pid'] | undefined }

async function takeTurns(targets: Named[]): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(targets.map(({ name }) => [name, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of targets) samples.get(target.name)?.push(await sample(target))
  }
  return samples
}

async function sample({ url, headers, pid }: Named): Promise<Sample> {
  const args = [url, JSON.stringify(headers), String(STREAMS), String(WINDOW_S)]
  const client = spawnScript(join(import.meta.dirname, 'stream-client.ts'), args)
  const lines = createInterface({ input: client.stdout })
  await once(lines, 'line')
  const before = pid === undefined ? Number.NaN : cpuTimeMs(pid)
  const [json] = await once(lines, 'line')
  const cpuMs = pid === undefined ? Number.NaN : cpuTimeMs(pid) - before
  const rssMb = pid === undefined ? Number.NaN : residentBytes(pid) / BYTES_PER_MB
  await once(client, 'close')
  const result: StreamResult = JSON.parse(json)
  return { ...result, rssMb, cpuUsPerChunk: (cpuMs * 1_000) / result.chunks }
}

function report(samples: Map<string, Sample[]>): Figure[] {
  const all = (name: string, value: (one: Sample) => number) => (samples.get(name) ?? []).map(value)
  const of = (name: string, value: (one: Sample) => number) => median(all(name, value))
  printTable(
    `${STREAMS} streams, a chunk every ${CHUNK_EVERY_MS} ms each, medians of ${ROUNDS} rounds in turn`,
    ['', 'chunks/s', 'CPU us/chunk', 'under way p50 ms', 'p99 ms', 'max ms', 'RSS MB', 'failed'],
    [...samples.keys()].map((name) => [
      name,
      of(name, (one) => one.chunks / WINDOW_S),
      of(name, (one) => one.cpuUsPerChunk),
      of(name, (one) => one.p50Ms),
      of(name, (one) => one.p99Ms),
      of(name, (one) => one.maxMs),
      of(name, (one) => one.rssMb),
      String(of(name, (one) => one.failed)),
    ]),
  )
  const cpuUs = (name: string) => all(name, (one) => one.cpuUsPerChunk)
  const p99Ms = (name: string) => all(name, (one) => one.p99Ms)
  return [
    {
      what: 'CPU per streamed chunk against a bare relay',
      measured: medianRatio(cpuUs('gateway'), cpuUs('bare relay')),
      unit: 'x',
      asked: { atMost: 1.3 },
    },
    {
      what: `delay added to a chunk among ${STREAMS} streams, p99`,
      measured: medianDifference(p99Ms('gateway'), p99Ms('direct')),
      unit: 'ms',
      asked: { atMost: 25 },
    },
    {
      what: `memory with ${STREAMS} streams`,
      measured: of('gateway', (one) => one.rssMb),
      unit: 'MB',
      asked: { atMost: 250 },
    },
  ]
}
