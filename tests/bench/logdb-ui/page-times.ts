import { cpuTimeMs } from '../../helpers/process/usage.ts'
import { percentile } from '../numbers.ts'
import { type Figure, printTable } from '../table.ts'
import { PlainQueries } from './plain-queries.ts'
import { questionsFor } from './questions.ts'
import type { UiClient } from './ui-client.ts'

/** A page that is opened again and again, and the same statements without the UI. */
interface Kind {
  name: string
  goalMs: number
  pages: { path: string; plain: () => number }[]
}

const OVERVIEWS = 20

interface Times {
  name: string
  goalMs: number
  pageMs: number[]
  plainMs: number[]
  /** Of the process of the UI, for each page: it is nearly the same on a busy machine. */
  cpuMs: number
}

interface Measured {
  client: UiClient
  /** Of the UI. */
  pid: number
  /** Folder of the log database. */
  out: string
  days: readonly string[]
}

/** Opens pages of each kind one after another; after each one the same statements run in better-sqlite3 alone. */
export async function measurePages({ client, pid, out, days }: Measured): Promise<Figure[]> {
  const plain = new PlainQueries(out)
  try {
    const rows: Times[] = []
    for (const { name, goalMs, pages } of await kindsOf(client, plain, days)) {
      const [pageMs, plainMs]: [number[], number[]] = [[], []]
      await client.timePage(pages[0]?.path ?? '')
      const startedCpuMs = cpuTimeMs(pid)
      for (const page of pages) {
        pageMs.push(await client.timePage(page.path))
        const startedMs = performance.now()
        page.plain()
        plainMs.push(performance.now() - startedMs)
      }
      rows.push({ name, goalMs, pageMs, plainMs, cpuMs: (cpuTimeMs(pid) - startedCpuMs) / pages.length })
      if (process.env['BENCH_UI_DETAILS']) printPages(pages, pageMs, plainMs)
    }
    return report(rows)
  } finally {
    plain.close()
  }
}

async function kindsOf(client: UiClient, plain: PlainQueries, days: readonly string[]): Promise<Kind[]> {
  const { list, filter, search, largeRequests } = questionsFor(days)
  const requests = (query: Record<string, string>) => {
    return { path: `/ui/requests?${new URLSearchParams(query)}`, plain: () => plain.list(query) }
  }
  const found = await client.data<{ search: { hits: { id: string }[] } }>(`/ui/search?q=${largeRequests}`)
  const overview = { path: `/ui/overview?range=30d&to=${days.at(-1)}`, plain: () => plain.overview() }
  const ofModel = { ...overview, path: `${overview.path}&model=gpt-4o` }
  return [
    { name: 'list', goalMs: 100, pages: list.map(requests) },
    { name: 'filter', goalMs: 100, pages: filter.map(requests) },
    {
      name: 'search',
      goalMs: 300,
      pages: search.map((q) => ({ path: `/ui/search?${new URLSearchParams({ q })}`, plain: () => plain.search(q) })),
    },
    {
      name: 'request of 1 MB',
      goalMs: 150,
      pages: found.search.hits.map(({ id }) => ({ path: `/ui/requests/${id}`, plain: () => plain.request(id) })),
    },
    { name: 'overview of 30 days', goalMs: 300, pages: Array.from({ length: OVERVIEWS }, () => overview) },
    { name: 'overview of one model', goalMs: 300, pages: Array.from({ length: OVERVIEWS }, () => ofModel) },
  ]
}

/** To see which one is slow. */
function printPages(pages: Kind['pages'], pageMs: number[], plainMs: number[]): void {
  const rows = pages.map(({ path }, index) => [path.slice(0, 80), pageMs[index] ?? '', plainMs[index] ?? ''])
  printTable('Pages, ms', ['', 'page', 'better-sqlite3'], rows)
}

function report(rows: Times[]): Figure[] {
  printTable(
    'Pages of the UI, ms, and the same statements in better-sqlite3 alone',
    ['', 'p50', 'p95', 'longest', 'CPU', 'better-sqlite3 p50', 'p95'],
    rows.map(({ name, pageMs, plainMs, cpuMs }) => [
      name,
      ...[50, 95, 100].map((percent) => percentile(pageMs, percent)),
      cpuMs,
      ...[50, 95].map((percent) => percentile(plainMs, percent)),
    ]),
  )
  return rows.flatMap(({ name, goalMs, pageMs, plainMs }) => [
    { what: `${name}, p95`, measured: percentile(pageMs, 95), unit: 'ms', asked: { atMost: goalMs } },
    {
      what: '  against better-sqlite3 alone',
      measured: percentile(pageMs, 95) / percentile(plainMs, 95),
      unit: 'x',
    },
  ])
}
