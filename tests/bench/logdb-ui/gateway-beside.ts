import { freePort } from '../../helpers/process/server-process.ts'
import { startGateway } from '../gateway/contenders.ts'
import { requireProgram, startNginx } from '../gateway/nginx.ts'
import { REQUEST_BODY } from '../gateway/requests.ts'
import { wrk } from '../gateway/wrk.ts'
import { median, medianRatio } from '../numbers.ts'
import { type Figure, printTable } from '../table.ts'
import { questionsFor } from './questions.ts'
import type { UiClient } from './ui-client.ts'

const ROUNDS = 9
const LOAD = { connections: 1, durationS: 3, body: REQUEST_BODY }
const PERCENT = 100

/** What a client of the gateway waits for while somebody opens one page of the UI after another, and while nobody does. */
export async function measureGatewayBeside(
  client: UiClient,
  folder: string,
  days: readonly string[],
): Promise<Figure[]> {
  for (const name of ['wrk', 'nginx'] as const) requireProgram(name)
  const port = await freePort()
  const upstream = await startNginx({ folder, port, server: `location / { return 200 '{"usage":{}}'; }` })
  const gateway = await startGateway({ folder, upstream: `http://127.0.0.1:${port}` })
  try {
    await wrk(gateway, { ...LOAD, folder })
    const [alone, beside]: [number[], number[]] = [[], []]
    let pages = 0
    for (let round = 0; round < ROUNDS; round++) {
      alone.push((await wrk(gateway, { ...LOAD, folder })).p99Ms)
      const reading = new AbortController()
      const reader = openPages(client, days, reading.signal)
      beside.push((await wrk(gateway, { ...LOAD, folder })).p99Ms)
      reading.abort()
      pages += await reader
    }
    return report({ alone, beside, pages })
  } finally {
    await Promise.all([gateway.stop(), upstream.stop()])
  }
}

async function openPages(client: UiClient, days: readonly string[], signal: AbortSignal): Promise<number> {
  const { list, filter, search } = questionsFor(days)
  const requests = [...list, ...filter].map((query) => `/ui/requests?${new URLSearchParams(query)}`)
  const paths = [...requests, ...search.map((q) => `/ui/search?${new URLSearchParams({ q })}`)]
  let opened = 0
  for (; !signal.aborted; opened++) await client.timePage(paths[(opened * 7) % paths.length] ?? '')
  return opened
}

function report({ alone, beside, pages }: { alone: number[]; beside: number[]; pages: number }): Figure[] {
  printTable(
    `Gateway, one client, medians of ${ROUNDS} rounds in turn`,
    ['', 'p99 ms'],
    [
      ['nobody uses the UI', median(alone)],
      [`a page after another, ${Math.round(pages / (ROUNDS * LOAD.durationS))} pages/s`, median(beside)],
    ],
  )
  const change = (medianRatio(beside, alone) - 1) * PERCENT
  return [
    { what: 'p99 of the gateway next to a UI in use, change', measured: change, unit: '%', asked: { atMost: 10 } },
  ]
}
