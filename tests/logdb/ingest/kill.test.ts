import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { seededRandom } from '../../helpers/random.ts'
import { chat, completion, jsonl, predecessorBlock, predecessorEvent, record, timestampAt } from '../helpers/logs.ts'
import { sqliteTest } from '../helpers/needs.ts'
import { SERVER_ID } from '../helpers/server-id.ts'
import { LEDGER_GAP, openDatabase, type Workspace, workspace } from '../helpers/workspace.ts'

const RECORDS = 6000
const KILLS = 10
const LATEST_KILL_MS = 900
const TIMEOUT_MS = 120_000
const CHILD = fileURLToPath(import.meta.resolve('../helpers/ingest-child.ts'))
const CLI = fileURLToPath(import.meta.resolve('../../../logdb/cli.ts'))

/** Enough for several batches, on two days, in both formats, plain and compressed. */
function writeLogs({ write }: Workspace): void {
  const text = (number: number) => chat(`question ${number} ${'lorem ipsum '.repeat(20)}`)
  const events = Array.from({ length: RECORDS }, (_, number) => {
    const timestamp = timestampAt(number, '2025-09-10T22:00:00Z')
    const fields = { timestamp, request: text(number), response: completion(`answer ${number}`) }
    return number % 3 === 0 ? predecessorEvent(fields) : record({ ...fields, x_request_id: `x${number}` })
  })
  const ours = events.filter((event) => 'v' in event)
  write('requests-2025-09-10.a.jsonl', jsonl(ours.slice(0, RECORDS / 2)))
  write('requests-2025-09-10.b.jsonl.gz', gzipSync(jsonl(ours.slice(RECORDS / 2))))
  write(
    'v1_chat_completions.log',
    events
      .filter((event) => !('v' in event))
      .map((event) => predecessorBlock(event))
      .join(''),
  )
}

function start({ logs, db }: Workspace, ...args: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', CHILD, logs, db, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  const [code, signal] = await once(child, 'exit')
  return { code, signal }
}

/** Every row as it can be read, and a check of the files themselves. */
async function contentOf(space: Workspace): Promise<unknown[]> {
  for (const path of space.partitions()) {
    const db = await openDatabase(path)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    db.exec("INSERT INTO request_text_index (request_text_index) VALUES ('integrity-check')")
    expect(
      db
        .prepare(
          'SELECT (SELECT count(*) FROM request_text_index_docsize) - (SELECT count(*) FROM msg_first) AS missing',
        )
        .get(),
    ).toEqual({ missing: 0 })
    db.close()
  }
  for (const { gap } of await space.queryControl<{ gap: number }>(LEDGER_GAP)) expect(gap).toBe(0)
  expect(await space.queryControl('SELECT sum(duplicate_bytes) AS doubled FROM sources')).toEqual([{ doubled: 0 }])
  return space.query('SELECT * FROM request_details ORDER BY request_id')
}

async function expectSameAsCleanRun(space: Workspace): Promise<void> {
  const clean = workspace()
  writeLogs(clean)
  expect(await clean.ingest()).toMatchObject({ rowsInserted: RECORDS })
  const [rows, expected] = [await contentOf(space), await contentOf(clean)]
  expect(rows.length).toBe(RECORDS)
  expect(rows).toEqual(expected)
}

sqliteTest(
  'a run killed between the commit of the rows and that of the position leaves nothing lost or doubled',
  async () => {
    const space = workspace()
    writeLogs(space)
    for (const killAfter of ['1', '1', '2']) {
      expect(await endOf(start(space, killAfter))).toEqual({ code: null, signal: 'SIGKILL' })
    }
    expect(await endOf(start(space))).toEqual({ code: 0, signal: null })
    await expectSameAsCleanRun(space)
  },
  TIMEOUT_MS,
)

sqliteTest(
  `runs killed at ${KILLS} random points leave nothing lost or doubled`,
  async () => {
    const space = workspace()
    writeLogs(space)
    const random = seededRandom(42)
    let killed = 0
    for (let round = 0; round < KILLS; round++) {
      const child = start(space)
      if (child.stdout) await once(child.stdout, 'data')
      const timer = setTimeout(() => child.kill('SIGKILL'), random.below(LATEST_KILL_MS))
      const { signal } = await endOf(child)
      clearTimeout(timer)
      if (signal === 'SIGKILL') killed++
    }
    expect(killed).toBeGreaterThan(0)
    expect(await endOf(start(space))).toEqual({ code: 0, signal: null })
    await expectSameAsCleanRun(space)
  },
  TIMEOUT_MS,
)

sqliteTest(
  'SIGTERM ends a run after a clean commit, with 143, and the next one goes on from there',
  async () => {
    const space = workspace()
    writeLogs(space)
    const args = ['--import', 'tsx', CLI, 'ingest', '--from', space.logs, '--out', space.db]
    const child = spawn(process.execPath, args, {
      env: { ...process.env, LOGDB_SERVER_ID: SERVER_ID },
      stdio: 'ignore',
    })
    await expect.poll(() => existsSync(join(space.db, 'control.sqlite3')), { timeout: TIMEOUT_MS }).toBe(true)
    child.kill('SIGTERM')
    expect(await endOf(child)).toEqual({ code: 143, signal: null })
    const { rowsInserted, rowsDuplicate } = await space.ingest()
    expect([rowsInserted > 0, rowsDuplicate]).toEqual([true, 0])
    await expectSameAsCleanRun(space)
  },
  TIMEOUT_MS,
)
