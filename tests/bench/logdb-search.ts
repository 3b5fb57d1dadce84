import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../../kit/package-root.ts'
import type * as Logdb from '../../logdb/index.ts'
import { openDatabase } from '../helpers/logdb/workspace.ts'
import { writeCorpus } from './logdb/corpus.ts'
import { commonestWord, seededQueries } from './logdb/queries.ts'
import { writeShortRequests } from './logdb/short-requests.ts'
import { medianRatio, percentile } from './numbers.ts'
import { type Figure, printTable } from './table.ts'

const CHAT_BYTES = 100_000_000
const BUILDS = 5
/** As many as the settings allow when nobody says otherwise. */
const THREADS = 2
const DAYS = 30
const REQUESTS_PER_DAY = 33_334
const RESULTS = 20
const SNIPPET_WORDS = 24
/** Each whole command starts a process, so only this many of the queries are run that way. */
const COMMANDS = 60
const MANY_DAYS = 400
const REQUESTS_PER_SHORT_DAY = 100
const ROUNDS = 9
const NO_WORD = 'nosuchword'
const CLI = join(packageRoot(), 'dist/logdb/cli.js')
const BYTES_PER_MB = 1_000_000

/** The text index: how fast it is built, and how fast it finds in 30 partitions with a million requests. */
export async function run(): Promise<Figure[]> {
  await promisify(execFile)('npm', ['run', 'build'], { cwd: packageRoot() })
  const folder = mkdtempSync(join(tmpdir(), 'ai-deploy-bench-'))
  try {
    const built = await buildFigures(join(folder, 'chat'))
    const found = await searchFigures(join(folder, 'short'))
    return [...built, ...found, await manyPartitionsFigure(folder)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function buildFigures(folder: string): Promise<Figure[]> {
  const [logs, out] = folders(folder)
  writeCorpus(join(logs, 'requests-chat.jsonl'), { kind: 'chat', format: 'jsonl', sizeBytes: CHAT_BYTES })
  await fill(logs, out)
  const measured = { what: 'text index of chats, distinct text', ...(await buildSpeed(out, BUILDS)) }
  return [{ ...measured, asked: { atLeast: 40 } }]
}

async function searchFigures(folder: string): Promise<Figure[]> {
  const [logs, out] = folders(folder)
  const written = writeShortRequests(logs, { days: DAYS, perDay: REQUESTS_PER_DAY })
  await fill(logs, out)
  rmSync(logs, { recursive: true })
  const built = await buildSpeed(out, 1)
  const queries = seededQueries(written)
  const commonest = commonestWord(written.frequencies)
  const inProcess = await searchTimes(out, queries)
  const commands = queries.slice(0, COMMANDS).map((query) => commandTime(out, query))
  const [first = Number.NaN] = await searchTimes(out, [commonest])
  printTable(
    'Search in 30 partitions, ms',
    ['', 'p50', 'p95', 'longest'],
    [
      ['one process', percentile(inProcess, 50), percentile(inProcess, 95), percentile(inProcess, 100)],
      ['whole commands', percentile(commands, 50), percentile(commands, 95), percentile(commands, 100)],
    ],
  )
  return [
    { what: 'text index of short messages, distinct text', ...built },
    { what: 'search in one process, p95', measured: percentile(inProcess, 95), unit: 'ms', asked: { atMost: 100 } },
    { what: 'search as a whole command, p95', measured: percentile(commands, 95), unit: 'ms', asked: { atMost: 400 } },
    { what: 'search for the commonest word, one process', measured: first, unit: 'ms' },
    { what: 'search for the commonest word, whole command', measured: commandTime(out, commonest), unit: 'ms' },
  ]
}

/** How much longer a command takes that looks through more than a year of sealed days and finds nothing. */
async function manyPartitionsFigure(folder: string): Promise<Figure> {
  const outs: string[] = []
  for (const days of [DAYS, MANY_DAYS]) {
    const [logs, out] = folders(join(folder, `${days} days`))
    writeShortRequests(logs, { days, perDay: REQUESTS_PER_SHORT_DAY })
    await fill(logs, out)
    const { buildTextIndexes } = await compiled()
    await buildTextIndexes({ out, isDryRun: false, parallelism: THREADS })
    execFileSync(process.execPath, [CLI, '--no-dotenv', 'seal', '--out', out])
    outs.push(out)
  }
  const [few = '', many = ''] = outs
  const rounds = Array.from({ length: ROUNDS }, () => ({
    few: commandTime(few, NO_WORD),
    many: commandTime(many, NO_WORD),
  }))
  const ratio = medianRatio(
    rounds.map((round) => round.many),
    rounds.map((round) => round.few),
  )
  const what = `search without a hit, ${MANY_DAYS} partitions against ${DAYS}`
  return { what, measured: ratio, unit: 'x', asked: { atMost: 1.5 } }
}

function folders(folder: string): [logs: string, out: string] {
  const logs = join(folder, 'logs')
  mkdirSync(logs, { recursive: true })
  return [logs, join(folder, 'db')]
}

/** As it is installed: only what is compiled has threads. */
const compiled = (): Promise<typeof Logdb> => import(join(packageRoot(), 'dist/logdb/index.js'))

async function fill(logs: string, out: string): Promise<void> {
  process.stderr.write(`reading ${logs} ...\n`)
  const { ingest, readSettings } = await compiled()
  await ingest({ from: logs, out, settings: readSettings({ LOGDB_FTS_ENABLED: 'false' }) })
}

/** The fastest of some builds, by the text that is indexed. */
async function buildSpeed(out: string, builds: number): Promise<{ measured: number; unit: string }> {
  const { buildTextIndexes, dropTextIndexes } = await compiled()
  const bytes = await indexedBytes(out)
  const timesMs: number[] = []
  for (let build = 0; build < builds; build++) {
    await dropTextIndexes({ out, isDryRun: false })
    const startedMs = performance.now()
    await buildTextIndexes({ out, isDryRun: false, parallelism: THREADS })
    timesMs.push(performance.now() - startedMs)
  }
  return { measured: bytes / BYTES_PER_MB / (Math.min(...timesMs) / 1000), unit: 'MB/s' }
}

async function indexedBytes(out: string): Promise<number> {
  const { findPartitions } = await compiled()
  let bytes = 0
  for (const { path } of findPartitions(out, {})) {
    const db = await openDatabase(path)
    bytes += Number(db.prepare('SELECT sum(octet_length(content)) FROM fts_src').pluck().get())
    db.close()
  }
  return bytes
}

/** Milliseconds of each query; all files are open by then. */
async function searchTimes(out: string, queries: string[]): Promise<number[]> {
  const { openSearcher, parseQuery } = await compiled()
  const searcher = await openSearcher(out)
  const time = (text: string) => {
    const startedMs = performance.now()
    searcher.search({ query: parseQuery(text), limit: RESULTS, snippetWords: SNIPPET_WORDS })
    return performance.now() - startedMs
  }
  time(NO_WORD)
  const timesMs = queries.map(time)
  searcher.close()
  return timesMs
}

function commandTime(out: string, query: string): number {
  const startedMs = performance.now()
  execFileSync(process.execPath, [CLI, '--no-dotenv', 'search', query, '--out', out])
  return performance.now() - startedMs
}
