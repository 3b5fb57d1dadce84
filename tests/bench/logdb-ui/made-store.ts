import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../../kit/package-root.ts'
import { sha256 } from '../../../kit/sha256.ts'
import type * as Logdb from '../../../logdb/index.ts'
import { findPartitions } from '../../../logdb/store/folder/partition-files.ts'
import { changePartition } from '../../../logdb/store/partition/open-partition.ts'
import { loadSqlite } from '../../../logdb/store/sqlite/open.ts'
import { writeDay } from './day-log.ts'

/** What the store holds. */
export interface StoreScale {
  days: number
  shortRequests: number
  agentDialogs: number
}

const WHOLE: StoreScale = { days: 30, shortRequests: 1_000_000, agentDialogs: 2_000 }
/** To be changed when the same scale gives other logs, or ingest stores them in another way. */
const GENERATOR = 1

/** The scale that BENCH_UI_SCALE asks for, a share of the whole: 0.1 has a tenth of the requests in as many days. */
export function storeScale(share: string | undefined = process.env['BENCH_UI_SCALE']): StoreScale {
  const factor = Number(share ?? 1)
  const { days, shortRequests, agentDialogs } = WHOLE
  return { days, shortRequests: Math.ceil(shortRequests * factor), agentDialogs: Math.ceil(agentDialogs * factor) }
}

/** The days of the store, YYYY-MM-DD. */
export function daysOf({ days }: StoreScale): string[] {
  return Array.from({ length: days }, (_, day) => `2025-09-${String(day + 1).padStart(2, '0')}`)
}

/**
 * The log database of this scale, which the compiled `logdb` reads from logs. It is made once and stays below the folder for
 * temporary files.
 */
export async function madeStore(scale: StoreScale): Promise<string> {
  const folder = join(tmpdir(), 'ai-deploy-bench-ui', sha256(JSON.stringify([GENERATOR, scale])).slice(0, 16))
  const out = join(folder, 'logs', 'db')
  if (existsSync(out)) return await bringUpToDate(out)
  const unfinished = `${folder}.part`
  rmSync(unfinished, { recursive: true, force: true })
  await fill(scale, unfinished)
  renameSync(unfinished, folder)
  return out
}

/** For a store that was made before a migration. */
async function bringUpToDate(out: string): Promise<string> {
  const engine = await loadSqlite()
  for (const { path } of findPartitions(out, {})) changePartition(engine, path, () => {})
  return out
}

/** Day by day, so that only one log is on the disk. */
async function fill(scale: StoreScale, folder: string): Promise<void> {
  const compiled: typeof Logdb = await import(join(packageRoot(), 'dist/logdb/index.js'))
  const [logs, from] = [join(folder, 'logs'), join(folder, 'from')]
  mkdirSync(logs, { recursive: true })
  const perDay = {
    shortRequests: Math.ceil(scale.shortRequests / scale.days),
    agentDialogs: Math.ceil(scale.agentDialogs / scale.days),
  }
  for (const date of daysOf(scale)) {
    process.stderr.write(`making the store: ${date}\n`)
    mkdirSync(from)
    writeDay(join(from, `requests-${date}.jsonl`), date, perDay)
    await compiled.ingest({ from, out: join(logs, 'db'), settings: compiled.readSettings({}) })
    rmSync(from, { recursive: true })
  }
}
