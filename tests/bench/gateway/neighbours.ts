import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { packageRoot } from '../../../kit/package-root.ts'
import { freePort, spawnScript, startScript } from '../../helpers/process/server-process.ts'
import { median, medianRatio } from '../numbers.ts'
import { type Figure, printTable } from '../table.ts'
import { type Contender, startGateway, type UpstreamAddress } from './contenders.ts'
import { atRate } from './fixed-rate.ts'

const ROUNDS = 3
const PER_SECOND = 100
const SECONDS = 5
const STREAMS = 1_000
const CHUNK_EVERY_MS = 100
/** For a follower to read what is there. */
const SETTLE_MS = 2_000
/** Longer than the small requests of one round. */
const STREAM_S = 30

/** What small requests notice of 1,000 streams, and of `logdb ingest --follow` on the log that they fill. */
export async function measureNeighbours({ folder, upstream }: UpstreamAddress): Promise<Figure[]> {
  const port = await freePort()
  const script = join(import.meta.dirname, 'sse-upstream.ts')
  const sse = await startScript(script, [String(port), String(CHUNK_EVERY_MS)], { cwd: folder, port })
  const logs = join(folder, 'neighbours-logs')
  const configPath = configWithStreams(folder, `http://127.0.0.1:${port}/v1`)
  const gateway = await startGateway({ folder, upstream }, { configPath, env: { LOG_DIR: logs } })
  try {
    const alone: number[] = []
    const besideStreams: number[] = []
    const besideIngest: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await p99Ms(gateway))
      besideIngest.push(await whileFollowing(logs, () => p99Ms(gateway)))
      besideStreams.push(await whileStreaming(gateway, () => p99Ms(gateway)))
    }
    return report({ alone, besideStreams, besideIngest })
  } finally {
    await Promise.all([gateway.stop(), sse.stop()])
  }
}

/** Streams have an upstream of their own, so that only the gateway is shared. */
function configWithStreams(folder: string, baseUrl: string): string {
  const path = join(folder, 'neighbours.yml')
  const models = { 'bench-stream': 'streams:provider/a-model', 'bench-model': 'openrouter:provider/a-model' }
  const config = { providers: { streams: { base_url: baseUrl, key_required: false } }, model_mappings: models }
  writeFileSync(path, JSON.stringify(config))
  return path
}

async function p99Ms(gateway: Contender): Promise<number> {
  return (await atRate(gateway, PER_SECOND, SECONDS)).p99Ms
}

async function whileStreaming<T>({ url, headers }: Contender, act: () => Promise<T>): Promise<T> {
  const args = [url, JSON.stringify(headers), String(STREAMS), String(STREAM_S), 'bench-stream']
  const client = spawnScript(join(import.meta.dirname, 'stream-client.ts'), args)
  const closed = once(client, 'close')
  try {
    await once(createInterface({ input: client.stdout }), 'line')
    return await act()
  } finally {
    client.kill()
    await closed
  }
}

async function whileFollowing<T>(logs: string, act: () => Promise<T>): Promise<T> {
  const args = [
    join(packageRoot(), 'dist/logdb/cli.js'),
    'ingest',
    '--follow',
    '--from',
    logs,
    '--out',
    join(logs, 'db'),
  ]
  const env = { PATH: process.env['PATH'] ?? '', LOGDB_SERVER_ID: 'bench' }
  const follower = spawn(process.execPath, args, { env, stdio: 'ignore' })
  const exited = once(follower, 'exit')
  try {
    await sleep(SETTLE_MS)
    return await act()
  } finally {
    follower.kill()
    await exited
  }
}

function report(ms: Record<'alone' | 'besideStreams' | 'besideIngest', number[]>): Figure[] {
  printTable(
    `Small requests at ${PER_SECOND} a second, medians of ${ROUNDS} rounds in turn`,
    ['', 'p99 ms'],
    [
      ['alone', median(ms.alone)],
      [`beside ${STREAMS} streams`, median(ms.besideStreams)],
      ['beside ingest --follow', median(ms.besideIngest)],
    ],
  )
  const ratio = (beside: number[]) => medianRatio(beside, ms.alone)
  return [
    {
      what: `p99 beside ${STREAMS} streams against alone`,
      measured: ratio(ms.besideStreams),
      unit: 'x',
      asked: { atMost: 2 },
    },
    {
      what: 'p99 beside ingest --follow against alone',
      measured: ratio(ms.besideIngest),
      unit: 'x',
      asked: { atMost: 1.1 },
    },
  ]
}
