import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { request } from 'undici'
import { residentBytes } from '../../helpers/process/usage.ts'
import { median, medianRatio } from '../numbers.ts'
import { type Figure, printTable } from '../table.ts'
import { monotonicMs } from './clock.ts'
import { type Contender, startGateway, startNginxProxy } from './contenders.ts'

const SIZE_BYTES = 2 ** 30
const PIECE = Buffer.alloc(256 * 1024, 'x')
const ROUNDS = 3
const BYTES_PER_MB = 1e6
const PATH = '/v1/audio/speech'

/** One answer of 1 GiB, which the gateway passes on without reading it, against nginx. */
export async function measureRawRelay(folder: string): Promise<Figure[]> {
  const upstream = await startUpstream()
  const address = { folder, upstream: `http://127.0.0.1:${upstream.port}` }
  const nginx = await startNginxProxy(address)
  const gateway = await startGateway(address)
  try {
    const mbPerS = { nginx: [] as number[], gateway: [] as number[] }
    const peakMb: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      mbPerS.nginx.push(await download(nginx))
      mbPerS.gateway.push(await download(gateway, () => peakMb.push(residentBytes(gateway.pid) / BYTES_PER_MB)))
    }
    return report(mbPerS, Math.max(...peakMb))
  } finally {
    await Promise.all([nginx.stop(), gateway.stop()])
    upstream.close()
  }
}

async function startUpstream() {
  const server = createServer((incoming, response) => {
    incoming.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': SIZE_BYTES })
      let left = SIZE_BYTES / PIECE.length
      const send = () => {
        while (left > 0) if (left-- && !response.write(PIECE)) return
        response.end()
      }
      response.on('drain', send)
      send()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { port, close: () => server.close() }
}

/** @returns megabytes a second */
async function download({ url, headers }: Contender, onPiece?: () => void): Promise<number> {
  const startMs = monotonicMs()
  const { body, statusCode } = await request(new URL(PATH, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'bench-model', input: 'Hi there', voice: 'alloy' }),
  })
  let bytes = 0
  let pieces = 0
  for await (const piece of body) {
    bytes += piece.length
    if (pieces++ % 1_000 === 0) onPiece?.()
  }
  if (statusCode !== 200 || bytes !== SIZE_BYTES) throw new Error(`status ${statusCode}, ${bytes} bytes`)
  return bytes / BYTES_PER_MB / ((monotonicMs() - startMs) / 1_000)
}

function report(mbPerS: Record<'nginx' | 'gateway', number[]>, peakMb: number): Figure[] {
  printTable(
    `An answer of 1 GiB that is passed on as it is, medians of ${ROUNDS} rounds in turn`,
    ['', 'MB/s', 'largest RSS MB'],
    [
      ['nginx', median(mbPerS.nginx), ''],
      ['gateway', median(mbPerS.gateway), peakMb],
    ],
  )
  return [
    {
      what: 'raw relay of 1 GiB against nginx',
      measured: medianRatio(mbPerS.gateway, mbPerS.nginx),
      unit: 'x',
      asked: { atLeast: 0.5 },
    },
  ]
}
