import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type Sqlite from 'better-sqlite3'
import { sha256 } from '../../../kit/sha256.ts'
import type { DayRange } from '../../../logdb/days.ts'
import type { IngestReport } from '../../../logdb/ingest/report.ts'
import { ingest } from '../../../logdb/ingest/run.ts'
import { main } from '../../../logdb/main.ts'
import { readSettings } from '../../../logdb/settings.ts'
import { testTerminal } from '../process/test-terminal.ts'
import { tempFolder } from '../temp-folder.ts'

/** The identity of every server in these tests. */
export const SERVER_ID = '11111111-2222-3333-4444-555555555555'

const ENVIRONMENT = { LOGDB_SERVER_ID: SERVER_ID }

interface Run {
  exitCode: number
  stdout: string
  stderr: string
}

/** A folder like that of a gateway, for one test. */
export interface Workspace {
  folder: string
  logs: string
  db: string
  /** Writes a file below logs/ and returns its path. */
  write(name: string, content: string | Buffer): string
  /** Runs logdb here. */
  run(args: string[], env?: Record<string, string>, options?: { isTTY: boolean }): Promise<Run>
  ingest(options?: DayRange & { env?: Record<string, string> }): Promise<IngestReport>
  /** Rows of a query over all partitions, or over control.sqlite3. */
  query<Row>(sql: string): Promise<Row[]>
  queryControl<Row>(sql: string): Promise<Row[]>
  partitions(): string[]
}

/** @param folder empty; a test that runs next to others needs one that is shared by its file */
export function workspace(folder = tempFolder()): Workspace {
  const [logs, db] = [join(folder, 'logs'), join(folder, 'logs', 'db')]
  mkdirSync(logs)
  const partitions = () => listFiles(db).filter((path) => /ai_proxy_.*\.sqlite3$/.test(path))
  return {
    folder,
    logs,
    db,
    partitions,
    write: (name, content) => {
      const path = join(logs, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
      return path
    },
    run: (args, env = {}, { isTTY } = { isTTY: false }) => {
      return run(folder, args, { ...ENVIRONMENT, ...env }, isTTY)
    },
    ingest: ({ env = {}, ...days } = {}) => {
      return ingest({ from: logs, out: db, settings: readSettings({ ...ENVIRONMENT, ...env }), ...days })
    },
    query: async (sql) => (await Promise.all(partitions().map((path) => readAll(path, sql)))).flat() as never[],
    queryControl: async (sql) => (await readAll(join(db, 'control.sqlite3'), sql)) as never[],
  }
}

async function run(cwd: string, args: string[], env: Record<string, string>, isTTY: boolean): Promise<Run> {
  const terminal = testTerminal({ cwd, env, isInTty: isTTY, isOutTty: isTTY, isErrTty: isTTY })
  const exitCode = await main(args, terminal)
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr }
}

async function readAll(path: string, sql: string): Promise<unknown[]> {
  const db = await openDatabase(path)
  try {
    return db.prepare(sql).all()
  } finally {
    db.close()
  }
}

export async function openDatabase(path: string): Promise<Sqlite.Database> {
  const { default: Database } = await import('better-sqlite3')
  return new Database(path)
}

function listFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** Bytes of the sources that the ledger does not account for; all zero when it adds up. */
export const LEDGER_GAP = `SELECT offset - ingested_bytes - duplicate_bytes - ignored_bytes - filtered_bytes
  - quarantined_bytes AS gap FROM sources`

/** SHA-256 of each file: to compare what may be long. */
export function digests(paths: string[]): string[] {
  return paths.map((path) => sha256(readFileSync(path)))
}

/** A query whose result has this many rows of a megabyte. */
export function largeQuery(rows: number): string {
  return `WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${rows})
  SELECT n, hex(zeroblob(500000)) AS text FROM c`
}
