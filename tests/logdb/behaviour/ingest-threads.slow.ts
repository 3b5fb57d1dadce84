import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { truncateSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import {
  chat,
  completion,
  jsonl,
  predecessorBlock,
  predecessorEvent,
  record,
  timestampAt,
} from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { LEDGER_GAP, SERVER_ID, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'
import { compiledLogdb } from '../../helpers/process/compiled-package.ts'
import { seededRandom } from '../../helpers/random.ts'

const TIMEOUT_MS = 120_000
const RECORDS = 1200
/** Each of the logs is longer than what is read without a thread. */
const LEAST_BYTES = 4 * 1024 * 1024

/** Conversations over two days, in both formats, plain and compressed, with damage. */
function writeLogs({ write }: Workspace): void {
  const random = seededRandom(5)
  const histories: { role: string; content: string }[][] = []
  const events = Array.from({ length: RECORDS }, (_, index) => {
    const history = histories[random.below(histories.length + 1)] ?? []
    const question = `question ${index} ${'lorem ipsum '.repeat(50)}`
    const answer = `answer ${index} ${'dolor sit '.repeat(75)}`
    histories.push([...history, { role: 'user', content: question }, { role: 'assistant', content: answer }].slice(-20))
    const fields = {
      timestamp: timestampAt(index, '2025-09-10T23:30:00Z'),
      request: chat(question, history),
      response: completion(answer),
    }
    return index % 2 === 0 ? predecessorEvent(fields) : record({ ...fields, x_request_id: `x${index}` })
  })
  const own = jsonl(events.filter((event) => 'v' in event))
  const old = events.filter((event) => !('v' in event)).map((event) => predecessorBlock(event))
  expect(Math.min(own.length, old.join('').length)).toBeGreaterThan(LEAST_BYTES)
  write('requests-1.jsonl', `${own}oops\n`)
  write('v1.log', old.join(''))
  write('requests-2.jsonl.gz', gzipSync(own.replaceAll('"x_request_id":"x', '"x_request_id":"z'), { level: 0 }))
  write('copy.log', old.join(''))
}

async function content(space: Workspace): Promise<unknown[]> {
  for (const { gap } of await space.queryControl<{ gap: number }>(LEDGER_GAP)) expect(gap).toBe(0)
  return space.query('SELECT * FROM request_details ORDER BY request_id')
}

const cli = compiledLogdb()

function ingest({ folder }: Workspace, parallelism: number) {
  const env = { ...process.env, LOGDB_SERVER_ID: SERVER_ID, LOGDB_IMPORT_PARALLELISM: String(parallelism) }
  return spawn(process.execPath, [cli, 'ingest', '--json'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] })
}

sqliteTest(
  'any number of threads gives the same rows',
  async () => {
    const expected = workspace()
    writeLogs(expected)
    expect(await expected.ingest()).toMatchObject({ rowsInserted: RECORDS + RECORDS / 2, recordsQuarantined: 1 })
    const rows = await content(expected)
    for (const parallelism of [2, 4]) {
      const space = workspace()
      writeLogs(space)
      const child = ingest(space, parallelism)
      const [stdout, [code]] = await Promise.all([textOf(child.stdout), once(child, 'close')])
      expect([code, JSON.parse(stdout).result]).toMatchObject([
        0,
        { files_scanned: 4, rows_inserted: RECORDS + RECORDS / 2, records_quarantined: 1 },
      ])
      expect(await content(space)).toEqual(rows)
    }
  },
  TIMEOUT_MS,
)

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

sqliteTest(
  'a thread that finds damage returns the records before it, and continues with the next file',
  async () => {
    const space = workspace()
    writeLogs(space)
    truncateSync(`${space.logs}/requests-2.jsonl.gz`, LEAST_BYTES + 100_000)
    const child = ingest(space, 2)
    const [stdout] = await Promise.all([textOf(child.stdout), once(child, 'close')])
    const { result } = JSON.parse(stdout)
    expect(result.unreadable).toEqual([{ path: `${space.logs}/requests-2.jsonl.gz`, reason: 'unexpected end of file' }])
    expect(result.rows_inserted).toBeGreaterThan(RECORDS)
    expect(result.rows_inserted).toBeLessThan(RECORDS + RECORDS / 2)
    await content(space)
  },
  TIMEOUT_MS,
)
