import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../../kit/package-root.ts'
import { writeCorpus } from './logdb/corpus.ts'
import { writeShortRequests } from './logdb/short-requests.ts'
import { storeStraightforwardly } from './logdb/straightforward.ts'
import { median, medianRatio } from './numbers.ts'
import type { Figure } from './table.ts'

const MB = 1_000_000
const ROUNDS = 3
const CHAT_BYTES = 96 * MB
const SHORT = { days: 2, perDay: 200_000 }
const CLI = join(packageRoot(), 'dist/logdb/cli.js')

/** Bundles: speed and size of `create` next to tar and gzip of the straightforward schema, speed of `verify` and `import`. */
export async function run(): Promise<Figure[]> {
  await promisify(execFile)('npm', ['run', 'build'], { cwd: packageRoot() })
  const folder = mkdtempSync(join(tmpdir(), 'ai-deploy-bench-'))
  try {
    return [...measureChat(folder), ...measureReading(folder)]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function measureChat(folder: string): Figure[] {
  const [logs, db] = [join(folder, 'logs'), join(folder, 'db')]
  const [straight, packed, bundle] = ['straight.sqlite3', 'straight.tgz', 'w.tgz'].map((name) => join(folder, name))
  const log = join(logs, 'requests-2025-09-10.jsonl')
  mkdirSync(logs)
  writeCorpus(log, { kind: 'chat', format: 'jsonl', sizeBytes: CHAT_BYTES })
  logdb(['ingest', '--from', logs, '--out', db])
  storeStraightforwardly(log, straight ?? '')
  const create = ['bundle', 'create', '--db', db, '--out', bundle ?? '', '--json']
  const [tarMs, createMs]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    tarMs.push(timed(() => execFileSync('tar', ['-czf', packed ?? '', '-C', folder, 'straight.sqlite3'])))
    createMs.push(timed(() => logdb(create)))
  }
  const size = statSync(bundle ?? '').size / statSync(packed ?? '').size
  rmSync(logs, { recursive: true })
  rmSync(db, { recursive: true })
  return [
    { what: 'bundle create of chat', measured: medianRatio(tarMs, createMs), unit: 'x', asked: { atLeast: 8 } },
    { what: '  its size', measured: size, unit: 'x', asked: { atMost: 0.15 } },
  ]
}

/** Of a bundle that is large enough for the start of the program not to matter. */
function measureReading(folder: string): Figure[] {
  const [logs, db, bundle] = ['logs', 'db', 'short.tgz'].map((name) => join(folder, name)) as [string, string, string]
  mkdirSync(logs)
  writeShortRequests(logs, SHORT)
  logdb(['ingest', '--from', logs, '--out', db])
  const created = logdb(['bundle', 'create', '--db', db, '--out', bundle, '--json'])
  const { files } = JSON.parse(created).result.manifest as { files: { bytes: number }[] }
  const contentBytes = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const verifyMs = Array.from({ length: ROUNDS }, () => timed(() => logdb(['bundle', 'verify', bundle])))
  const elapsedMs = Array.from({ length: ROUNDS }, () => {
    const dest = join(folder, 'dest')
    rmSync(dest, { recursive: true, force: true })
    return timed(() => logdb(['bundle', 'import', bundle, '--dest', dest]))
  })
  const rate = (SHORT.days * SHORT.perDay) / (median(elapsedMs) / 1000)
  return [
    {
      what: 'bundle verify, whole command',
      measured: contentBytes / MB / (median(verifyMs) / 1000),
      unit: 'MB/s',
      asked: { atLeast: 300 },
    },
    { what: 'bundle import of single turns', measured: rate, unit: 'rows/s', asked: { atLeast: 100_000 } },
  ]
}

/** Without the text index, which a bundle does not have either. */
function logdb(args: string[]): string {
  const env = { ...process.env, LOGDB_FTS_ENABLED: 'false' }
  return execFileSync(process.execPath, [CLI, '--no-dotenv', ...args], { env, encoding: 'utf8' })
}

function timed(work: () => unknown): number {
  const startedMs = performance.now()
  work()
  return performance.now() - startedMs
}
