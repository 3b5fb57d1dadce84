import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { endOf, startLogdb } from '../helpers/logdb/cli-child.ts'
import { asking, expectAccounted, good, holding, MEBIBYTE, quoted } from '../helpers/logdb/hostile-records.ts'
import { chat, jsonl, record, timestampAt } from '../helpers/logdb/logs.ts'
import { hasSqlite, sqliteTest } from '../helpers/logdb/sqlite-test.ts'
import { largeQuery, SERVER_ID, type Workspace, workspace } from '../helpers/logdb/workspace.ts'
import { needing } from '../helpers/needs.ts'
import { compiledLogdb } from '../helpers/process/compiled-package.ts'

const TIMEOUT_MS = 120_000
const cli = compiledLogdb()
/** What it has taken of memory at most is in the line VmHWM; in the usage of resources a child begins with its parent's. */
const STATUS_HOOK = `data:text/javascript,${encodeURIComponent(
  "import fs from 'node:fs'; process.on('exit', () => fs.writeFileSync(process.env.STATUS_FILE, fs.readFileSync('/proc/self/status')))",
)}`
const KIB_PER_MIB = 1024
const CAP_MIB = 256
/** The reader, the writer and SQLite each hold one; garbage comes on top. */
const FOR_LONGEST_RECORDS = 1.5

const mostMib = (status: string) => Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / KIB_PER_MIB

const memoryTest = needing('better-sqlite3 or /proc', hasSqlite && process.platform === 'linux')

/** Runs ingest, which must end well, and returns its result and the most memory that it took. */
async function ingestMeasured({ folder }: Workspace): Promise<{ result: object; mostMib: number }> {
  const statusFile = join(folder, 'status')
  const child = spawn(process.execPath, ['--import', STATUS_HOOK, cli, 'ingest', '--json'], {
    cwd: folder,
    env: { ...process.env, LOGDB_SERVER_ID: SERVER_ID, STATUS_FILE: statusFile, LOGDB_MEMORY_CAP_MB: String(CAP_MIB) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { code, stdout } = await endOf(child)
  expect(code).toBe(0)
  return { result: JSON.parse(stdout).result, mostMib: mostMib(readFileSync(statusFile, 'utf8')) }
}

memoryTest(
  'lines of 100 MB without an end, plain and compressed, take no more memory than the cap',
  async () => {
    const space = workspace()
    const endless = Buffer.alloc(100 * MEBIBYTE, 'x')
    const start = Buffer.from('{"v":1,"request":"')
    space.write('requests-1.jsonl', Buffer.concat([good('jsonl', 0), start, endless]))
    space.write('requests-2.jsonl.gz', gzipSync(Buffer.concat([good('jsonl', 1), start, endless]), { level: 1 }))
    space.write('v1.log', Buffer.concat([good('predecessor', 2), good('predecessor', 3).subarray(0, 200), endless]))
    space.write('v2.log', Buffer.concat([endless, Buffer.from('\n'), good('predecessor', 4)]))
    const { result, mostMib } = await ingestMeasured(space)
    expect(result).toMatchObject({ rows_inserted: 4, records_quarantined: 1 })
    expect(mostMib).toBeLessThan(CAP_MIB)
    await expectAccounted(space)
  },
  TIMEOUT_MS,
)

memoryTest(
  'memory does not grow with a series of texts of 10 MB',
  async () => {
    const space = workspace()
    const texts = Array.from({ length: 8 }, (_, index) =>
      quoted(`${index} ${'lorem ipsum '.repeat((10 * MEBIBYTE) / 12)}`),
    )
    const log = texts.map((text, index) => holding('jsonl', index, Buffer.from(asking(text))))
    space.write('requests-1.jsonl', Buffer.concat(log))
    const { result, mostMib } = await ingestMeasured(space)
    expect(result).toMatchObject({ rows_inserted: texts.length, records_quarantined: 0 })
    expect(mostMib).toBeLessThan(CAP_MIB * FOR_LONGEST_RECORDS)
    expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
  },
  TIMEOUT_MS,
)

const ROWS = 400
const MOST_BYTES = 150 * MEBIBYTE

/** The most memory that a process ever took. */
function peakBytes(pid: number | undefined): number {
  const [, kib = ''] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

for (const format of ['--nl', '--csv', 'a table']) {
  sqliteTest(`a large result as ${format} waits for a slow reader, in little memory`, async () => {
    const space = workspace()
    space.write('requests-x.jsonl', jsonl([record()]))
    await space.ingest()
    const args = ['query', largeQuery(ROWS), ...(format.startsWith('--') ? [format] : [])]
    const child = startLogdb(args, { cwd: space.folder })
    await setTimeout(1500)
    let [lines, most] = [0, peakBytes(child.pid)]
    for await (const chunk of child.stdout ?? []) {
      lines += String(chunk).split('\n').length - 1
      if (child.exitCode === null) most = Math.max(most, peakBytes(child.pid))
      if (lines === 10) await setTimeout(200)
    }
    expect(lines).toBe(format === '--nl' ? ROWS : ROWS + 1)
    expect(most).toBeLessThan(MOST_BYTES)
  })
}

for (const format of ['jsonl', 'csv', 'parquet']) {
  sqliteTest(`an export of many large requests as ${format} takes little memory`, async () => {
    const space = workspace()
    // Stored once, but part of each request.
    const long = chat('lorem ipsum '.repeat(80_000)).messages
    const records = Array.from({ length: 150 }, (_, index) =>
      record({ request: chat(`${index}`, long), x_request_id: `${index}` }),
    )
    space.write('requests-x.jsonl', jsonl(records))
    await space.ingest()
    const child = startLogdb(['export', '--format', format], { cwd: space.folder })
    const end = endOf(child)
    let most = 0
    while (child.exitCode === null) {
      most = Math.max(most, peakBytes(child.pid))
      await setTimeout(20)
    }
    expect(await end).toMatchObject({ code: 0, stdout: expect.stringMatching(/ rows=150\n$/), stderr: '' })
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThan(MOST_BYTES)
  })
}

const MANY = 40_000

/** Many requests, each with a text and a dialog of its own. */
async function manyRequests(): Promise<Workspace> {
  const space = workspace()
  const records = Array.from({ length: MANY }, (_, index) =>
    record({
      timestamp: timestampAt(index, '2025-09-10T00:00:00Z', 1_000_001),
      x_request_id: `${index}`,
      ...(index % 2 === 0 && { dialog_id: `dialog ${index}` }),
      request: chat(`lorem ${index} ${'ipsum dolor '.repeat(20)}`),
    }),
  )
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest()
  return space
}

const LONG_LISTS = [
  ['search', 'lorem', '--role', 'user'],
  ['search', '--status', '200'],
  ['list', '--status', '200'],
]

memoryTest(
  'a very long list of hits or requests waits for a slow reader, in little memory, and ends when the reader is gone',
  async () => {
    const space = await manyRequests()
    for (const args of LONG_LISTS) {
      const search = () => startLogdb([...args, '--json', '--limit', `${MANY}`], { cwd: space.folder })
      const child = search()
      await setTimeout(1500)
      let [text, most] = ['', peakBytes(child.pid)]
      for await (const chunk of child.stdout ?? []) {
        text += String(chunk)
        if (child.exitCode === null) most = Math.max(most, peakBytes(child.pid))
      }
      expect([args, JSON.parse(text).result.length]).toEqual([args, MANY])
      expect(most).toBeLessThan(MOST_BYTES)

      const unread = search()
      const end = endOf(unread)
      unread.stdout?.once('data', () => unread.stdout?.destroy())
      expect(await end.catch(() => once(unread, 'close'))).toBeDefined()
      expect(unread.exitCode).toBe(0)
    }
  },
  TIMEOUT_MS,
)

const READING = [
  ['dialogs', 'assign', '--by', 'prefix'],
  ['dialogs', 'assign', '--by', 'window'],
  ['stats', '--json', '--by', 'day,hour,model,key'],
  ['query', '--nl', 'SELECT * FROM request_details ORDER BY request_json'],
  ['query', 'SELECT request_json, count(*) FROM requests GROUP BY 1'],
]

memoryTest(
  'dialogs, stats and query take no more memory for very many requests than an ingest may',
  async () => {
    const space = await manyRequests()
    for (const args of READING) {
      const statusFile = join(space.folder, 'status')
      const child = spawn(process.execPath, ['--import', STATUS_HOOK, cli, ...args], {
        cwd: space.folder,
        env: { ...process.env, LOGDB_SERVER_ID: SERVER_ID, STATUS_FILE: statusFile },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      expect(await endOf(child)).toMatchObject({ code: 0 })
      expect([args, mostMib(readFileSync(statusFile, 'utf8')) < CAP_MIB]).toEqual([args, true])
    }
  },
  TIMEOUT_MS,
)
