import { spawn } from 'node:child_process'
import { freePort } from '../../helpers/process/server-process.ts'
import { startGateway } from '../gateway/contenders.ts'
import { atRate } from '../gateway/fixed-rate.ts'
import { requireProgram, startNginx } from '../gateway/nginx.ts'
import { median, medianRatio } from '../numbers.ts'
import { type Figure, printTable } from '../table.ts'
import { questionsFor } from './questions.ts'
import type { UiClient } from './ui-client.ts'

/** As little of the processor as the UI's container on a server gets, which has 256 shares next to the gateway's 1024. */
export const NICENESS = '6'
const ROUNDS = 9
/** A client that sends as fast as it can takes the processors itself, and then waits for its own work. */
const PER_SECOND = 100
const SECONDS = 5
const PERCENT = 100

/**
 * What a client of the gateway waits for while somebody opens one page of the UI after another, while nobody does, and
 * next to a program that takes as much of the processor and does nothing with it, which shows what the machine adds.
 */
export async function measureGatewayBeside(
  client: UiClient,
  folder: string,
  days: readonly string[],
): Promise<Figure[]> {
  requireProgram('nginx')
  const port = await freePort()
  const upstream = await startNginx({ folder, port, server: `location / { return 200 '{"usage":{}}'; }` })
  const gateway = await startGateway({ folder, upstream: `http://127.0.0.1:${port}` })
  try {
    const p99Ms = async () => (await atRate(gateway, PER_SECOND, SECONDS)).p99Ms
    await p99Ms()
    const [alone, beside, besideLoop]: [number[], number[], number[]] = [[], [], []]
    let pages = 0
    for (let round = 0; round < ROUNDS; round++) {
      alone.push(await p99Ms())
      const reading = new AbortController()
      const reader = openPages(client, days, reading.signal)
      beside.push(await p99Ms())
      reading.abort()
      pages += await reader
      const loop = spawn('nice', ['-n', NICENESS, process.execPath, '-e', 'for (;;) {}'])
      besideLoop.push(await p99Ms())
      loop.kill()
    }
    return report({ alone, beside, besideLoop, pages })
  } finally {
    await Promise.all([gateway.stop(), upstream.stop()])
  }
}

interface Measured {
  alone: number[]
  beside: number[]
  besideLoop: number[]
  pages: number
}

async function openPages(client: UiClient, days: readonly string[], signal: AbortSignal): Promise<number> {
  const { list, filter, search } = questionsFor(days)
  const requests = [...list, ...filter].map((query) => `/ui/requests?${new URLSearchParams(query)}`)
  const paths = [...requests, ...search.map((q) => `/ui/search?${new URLSearchParams({ q })}`)]
  let opened = 0
  for (; !signal.aborted; opened++) await client.timePage(paths[(opened * 7) % paths.length] ?? '')
  return opened
}

function report({ alone, beside, besideLoop, pages }: Measured): Figure[] {
  printTable(
    `Gateway, ${PER_SECOND} requests a second, medians of ${ROUNDS} rounds in turn`,
    ['', 'p99 ms'],
    [
      ['nobody uses the UI', median(alone)],
      [`a page after another, ${Math.round(pages / (ROUNDS * SECONDS))} pages/s`, median(beside)],
      ['a program that only computes', median(besideLoop)],
    ],
  )
  const change = (medianRatio(beside, alone) - 1) * PERCENT
  return [
    { what: 'p99 of the gateway next to a UI in use, change', measured: change, unit: '%', asked: { atMost: 10 } },
    { what: '  against a program that only computes', measured: medianRatio(beside, besideLoop), unit: 'x' },
  ]
}
