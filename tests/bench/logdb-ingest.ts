import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { packageRoot } from '../../kit/package-root.ts'
import { residentBytes } from '../helpers/process/usage.ts'
import { type CorpusFormat, type CorpusKind, writeCorpus } from './logdb/corpus.ts'
import { writeShortRequests } from './logdb/short-requests.ts'
import { storeStraightforwardly } from './logdb/straightforward.ts'
import { median, medianRatio } from './numbers.ts'
import { type Figure, printTable } from './table.ts'

const MB = 1_000_000
const MIB = 1024 * 1024
const ROUNDS = 3
const SAMPLE_MS = 20
const PARSE_CHILD = fileURLToPath(import.meta.resolve('./logdb/parse-child.ts'))

interface Measured {
  kind: CorpusKind
  format: CorpusFormat
  sizeBytes: number
  /** How many times as fast as splitting and JSON.parse. */
  asked: number
}

/** Large enough that starting and compiling does not decide, and still one string of V8, for what it is compared with. */
const MEASURED: Measured[] = [
  { kind: 'single', format: 'jsonl', sizeBytes: 256 * MB, asked: 0.4 },
  { kind: 'chat', format: 'jsonl', sizeBytes: 448 * MB, asked: 1 },
  { kind: 'chat', format: 'predecessor', sizeBytes: 448 * MB, asked: 1 },
  { kind: 'agent', format: 'jsonl', sizeBytes: 480 * MB, asked: 3.5 },
]
const SHORT_REQUESTS = 50_000
/** Single requests whose question and answer have so many words each. */
const SHORT: { what: string; words: number; asked?: { atMost: number } }[] = [
  { what: 'tiny (0.8 KB)', words: 10, asked: { atMost: 1 } },
  { what: 'short (1.2 KB)', words: 30 },
]
const SIZED: { kind: CorpusKind; sizeBytes: number; asked: number }[] = [
  { kind: 'chat', sizeBytes: 48 * MB, asked: 0.2 },
  { kind: 'agent', sizeBytes: 48 * MB, asked: 0.1 },
]

/** Reading logs into the database: speed, memory, a second run, and the size of what comes out. */
export async function run(): Promise<Figure[]> {
  await promisify(execFile)('npm', ['run', 'build'], { cwd: packageRoot() })
  const folder = mkdtempSync(join(tmpdir(), 'ai-deploy-bench-'))
  try {
    const speeds = []
    for (const measured of MEASURED) speeds.push(...(await measureSpeed(measured, folder)))
    const sizes = []
    for (const sized of SIZED) sizes.push(await measureSize(sized, folder))
    for (const short of SHORT) sizes.push(...(await measureAgainstLog(short, folder)))
    return [...speeds, ...sizes]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface IngestRun {
  /** By its own clock; the command takes as long as Node takes to start in addition. */
  elapsedMs: number
  commandMs: number
  peakBytes: number
}

async function measureSpeed({ kind, format, sizeBytes, asked }: Measured, folder: string): Promise<Figure[]> {
  const [logs, db] = [join(folder, 'logs'), join(folder, 'db')]
  const log = join(logs, format === 'jsonl' ? 'requests-2025-09-10.jsonl' : 'v1_chat_completions.log')
  mkdirSync(logs, { recursive: true })
  const { bytes, records } = writeCorpus(log, { kind, format, sizeBytes })
  const [parsedMs, runs, again]: [number[], IngestRun[], IngestRun[]] = [[], [], []]
  for (let round = 0; round < ROUNDS; round++) {
    parsedMs.push(parse(log))
    rmSync(db, { recursive: true, force: true })
    runs.push(await ingest(logs, db))
    again.push(await ingest(logs, db))
  }
  rmSync(logs, { recursive: true })
  const elapsedMs = runs.map((one) => one.elapsedMs)
  const title = `${kind}, ${format}: ${records} records of ${(bytes / records / 1000).toFixed(1)} KB`
  const rate = (ms: number) => bytes / MB / (ms / 1000)
  printTable(
    title,
    ['', 'MB/s', 'records/s'],
    [
      ['split and JSON.parse', rate(median(parsedMs)), records / (median(parsedMs) / 1000)],
      ['logdb ingest', rate(median(elapsedMs)), records / (median(elapsedMs) / 1000)],
      ['the whole command', rate(median(runs.map((one) => one.commandMs))), ''],
    ],
  )
  const peakBytes = Math.max(...runs.map((one) => one.peakBytes))
  const secondS = median(again.map((one) => one.commandMs)) / 1000
  return [
    {
      what: `ingest of ${kind}, ${format}`,
      measured: medianRatio(parsedMs, elapsedMs),
      unit: 'x',
      asked: { atLeast: asked },
    },
    { what: `  its memory`, measured: peakBytes / MIB, unit: 'MiB', asked: { atMost: 256 } },
    { what: `  a second run, whole command`, measured: secondS, unit: 's', asked: { atMost: 0.2 } },
  ]
}

function parse(log: string): number {
  const args = ['--import', 'tsx', PARSE_CHILD, log]
  return Number(execFileSync(process.execPath, args, { cwd: packageRoot(), encoding: 'utf8' }))
}

async function ingest(logs: string, db: string, withIndex = false): Promise<IngestRun> {
  const startedMs = performance.now()
  const args = [
    join(packageRoot(), 'dist/logdb/cli.js'),
    '--no-dotenv',
    'ingest',
    '--json',
    '--from',
    logs,
    '--out',
    db,
  ]
  const env = { ...process.env, LOGDB_FTS_ENABLED: String(withIndex) }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let [stdout, peakBytes] = ['', 0]
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk)
  })
  const sampler = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentBytesOf(child.pid))
  }, SAMPLE_MS)
  const [code] = await once(child, 'close')
  clearInterval(sampler)
  if (code !== 0) throw new Error(`logdb ingest ended with ${code}`)
  const elapsedS: number = JSON.parse(stdout).result.elapsed_s
  return { elapsedMs: elapsedS * 1000, commandMs: performance.now() - startedMs, peakBytes }
}

/** 0 once it has ended. */
function residentBytesOf(pid: number | undefined): number {
  try {
    return pid === undefined ? 0 : residentBytes(pid) || 0
  } catch {
    return 0
  }
}

async function measureSize({ kind, sizeBytes, asked }: (typeof SIZED)[number], folder: string): Promise<Figure> {
  const [logs, db] = [join(folder, 'logs'), join(folder, 'db')]
  const log = join(logs, 'requests-2025-09-10.jsonl')
  mkdirSync(logs, { recursive: true })
  rmSync(db, { recursive: true, force: true })
  writeCorpus(log, { kind, format: 'jsonl', sizeBytes })
  await ingest(logs, db, true)
  const straightforward = storeStraightforwardly(log, join(folder, 'straightforward.sqlite3'))
  const ours = sizeOfPartitions(db)
  rmSync(logs, { recursive: true })
  rmSync(join(folder, 'straightforward.sqlite3'))
  return {
    what: `database of ${kind} with index`,
    measured: ours / straightforward,
    unit: 'x',
    asked: { atMost: asked },
  }
}

/** The database of single requests with its text index, also when it is sealed, against their log. */
async function measureAgainstLog({ what, words, asked }: (typeof SHORT)[number], folder: string): Promise<Figure[]> {
  const [logs, db] = [join(folder, 'logs'), join(folder, 'db')]
  mkdirSync(logs, { recursive: true })
  rmSync(db, { recursive: true, force: true })
  writeShortRequests(logs, { days: 1, perDay: SHORT_REQUESTS, words })
  const logBytes = readdirSync(logs).reduce((sum, name) => sum + statSync(join(logs, name)).size, 0)
  await ingest(logs, db, true)
  const ingested = sizeOfPartitions(db)
  execFileSync(process.execPath, [join(packageRoot(), 'dist/logdb/cli.js'), '--no-dotenv', 'seal', '--out', db])
  const sealed = sizeOfPartitions(db)
  rmSync(logs, { recursive: true })
  return [
    {
      what: `database of ${what} requests against their log, as ingest leaves it`,
      measured: ingested / logBytes,
      unit: 'x',
    },
    { what: '  sealed', measured: sealed / logBytes, unit: 'x', ...(asked && { asked }) },
  ]
}

function sizeOfPartitions(db: string): number {
  const names = readdirSync(db, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('ai_proxy_'))
  return names.reduce((sum, name) => sum + statSync(join(db, name)).size, 0)
}
