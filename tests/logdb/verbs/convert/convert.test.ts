import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { canonicalJson } from '../../../../logdb/canon/canonical-reader.ts'
import { predecessorBlock, predecessorEvent } from '../../../helpers/logdb/logs.ts'
import { makePredecessorDatabase, type PredecessorTuple } from '../../../helpers/logdb/predecessor-database.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { digests, openDatabase, SERVER_ID, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'
import { seededRandom } from '../../../helpers/random.ts'

const OTHER_SERVER = '99999999-2222-3333-4444-555555555555'
const NOON = 1757505600
const S_PER_DAY = 86_400
const ROWS = 40

const canonical = (value: unknown) => canonicalJson(Buffer.from(JSON.stringify(value))).toString('utf8')
const message = (content: string) => ({ role: 'user', content })

/** Conversations that continue, with all that the predecessor leaves NULL here and there. */
function rowsOn(ts: number, prefix: string, serverId = SERVER_ID): PredecessorTuple[] {
  const random = seededRandom(ts)
  return Array.from({ length: ROWS }, (_, index) => {
    const turns = Array.from({ length: 1 + (index % 5) }, (_, turn) => message(`${prefix} turn ${turn} „text“ \u0001`))
    const request = { model: 'm', messages: turns, temperature: 1.5, n: 10 ** random.below(20) }
    const isError = index % 7 === 0
    const response = isError
      ? { error: 'no' }
      : { choices: [{ message: { role: 'assistant', content: `answer ${index}` } }] }
    return [
      `${prefix}${String(index).padStart(60, '0')}`,
      serverId,
      ts + index,
      '/v1/chat/completions',
      'gpt-4',
      isError ? null : 'openai/gpt-4',
      isError ? null : 200,
      isError ? null : index + 0.25,
      index % 3 === 0 ? null : '-123456789',
      canonical(request),
      canonical(response),
      index % 4 === 0 ? `dlg-${prefix}` : null,
    ]
  })
}

const COLUMNS = `request_id, server_id, ts, endpoint, model_original, model_mapped, status_code, latency_ms, api_key_hash,
  request_json, response_json, dialog_id`

async function allRows({ query }: Workspace): Promise<unknown[][]> {
  const rows = await query<Record<string, unknown>>(`SELECT ${COLUMNS} FROM requests`)
  return rows.map((row) => Object.values(row)).sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
}

const day = (space: Workspace) => join(space.db, '2025/09/ai_proxy_20250910.sqlite3')

sqliteTest('every row of a day reads as before, from a partition in the same place', async () => {
  const space = workspace()
  const rows = rowsOn(NOON, 'a')
  makePredecessorDatabase(day(space), rows)
  const log = space.write('v1.log', predecessorBlock(predecessorEvent()))
  expect((await space.run(['ingest'])).stderr).toContain('logdb convert')
  rmSync(log)
  expect(await space.run(['convert', '--dry-run'])).toEqual({
    exitCode: 0,
    stdout: `${day(space)} rows=${ROWS}\n`,
    stderr: 'nothing was changed: this was a dry run\n',
  })
  expect(await space.run(['convert'])).toEqual({
    exitCode: 0,
    stdout: `${day(space)} rows=${ROWS} inserted=${ROWS} kept_as=${day(space)}.predecessor\n`,
    stderr: '',
  })
  expect(await allRows(space)).toEqual(rows)
  expect(await space.query('SELECT * FROM servers')).toEqual([
    { server_id: SERVER_ID, hostname: 'old-host', env: 'prod', first_seen_ts: 1700000000 },
  ])
  expect((await space.run(['verify', '--deep'])).stdout).toContain(`proven=0 removed=0 converted=${ROWS} ok`)
  expect((await space.run(['search', '"a turn 3"'])).stdout).toContain('turn 3')
  expect(await space.run(['convert'])).toEqual({ exitCode: 0, stdout: '', stderr: '' })
})

sqliteTest(
  'weeks, months and days of several servers are joined, and rows that are in several are stored once',
  async () => {
    const space = workspace()
    const rows = [
      ...rowsOn(NOON, 'a'),
      ...rowsOn(NOON + S_PER_DAY, 'b'),
      ...rowsOn(NOON + 3 * S_PER_DAY, 'c', OTHER_SERVER),
    ]
    makePredecessorDatabase(day(space), rows.slice(0, ROWS))
    makePredecessorDatabase(join(space.db, '2025/M09/ai_proxy_202509.sqlite3'), rows)
    makePredecessorDatabase(join(space.db, 'weekly/2025-W37.sqlite3'), rows.slice(ROWS))
    makePredecessorDatabase(join(space.db, 'control.sqlite3'), [])
    const { stdout } = await space.run(['convert', '--json'])
    const { result } = JSON.parse(stdout)
    expect(result.map(({ rows, inserted }: { rows: number; inserted: number }) => [rows, inserted])).toEqual([
      [ROWS, ROWS],
      [3 * ROWS, 2 * ROWS],
      [2 * ROWS, 0],
    ])
    expect(await allRows(space)).toEqual(rows)
    expect(space.partitions()).toHaveLength(3)
    expect(readdirSync(space.db).sort()).toEqual(['.lock', '2025', 'control.sqlite3.predecessor', 'weekly'])
  },
)

sqliteTest('bodies that are not canonical, or not JSON at all, stay as they are', async () => {
  const space = workspace()
  const rows = rowsOn(NOON, 'a').slice(0, 6)
  const odd = ['{"b":1,"a":2}', 'no JSON', 'null', '{"a": 1} x', '[]', '{"messages": "text", "a": NaN}']
  const changed = rows.map((row, index): PredecessorTuple => {
    const copy: PredecessorTuple = [...row]
    copy[9 + (index % 2)] = odd[index] ?? ''
    return copy
  })
  makePredecessorDatabase(day(space), changed)
  expect(await space.run(['convert'])).toMatchObject({ exitCode: 0 })
  expect(await allRows(space)).toEqual(changed)
})

sqliteTest('a conversion that was cut off resumes, from any point', async () => {
  const space = workspace()
  const rows = rowsOn(NOON, 'a')
  makePredecessorDatabase(day(space), rows)
  renameSync(day(space), `${day(space)}.converting`)
  expect((await space.run(['convert'])).stdout).toContain(`inserted=${ROWS}`)
  renameSync(`${day(space)}.predecessor`, `${day(space)}.converting`)
  expect((await space.run(['convert'])).stdout).toContain(`rows=${ROWS} inserted=0`)
  expect(await allRows(space)).toEqual(rows)
})

sqliteTest('a row that is stored with another content is not overwritten, and the old file stays', async () => {
  const space = workspace()
  const [first, ...rest] = rowsOn(NOON, 'a')
  if (!first) throw new Error('no rows')
  makePredecessorDatabase(day(space), [first, ...rest])
  await space.run(['convert'])
  const other: PredecessorTuple = [...first]
  other[9] = canonical({ messages: [message('something else')] })
  makePredecessorDatabase(join(space.db, 'monthly/2025-09.sqlite3'), [other])
  const later = rowsOn(NOON + S_PER_DAY, 'b')
  makePredecessorDatabase(join(space.db, 'weekly/2025-W37.sqlite3'), later)
  const { exitCode, stderr } = await space.run(['convert'])
  expect([exitCode, stderr]).toEqual([7, expect.stringContaining(`Request ${first[0]} of`)])
  expect(await allRows(space)).toEqual([first, ...rest, ...later])
  expect(existsSync(join(space.db, 'monthly/2025-09.sqlite3.converting'))).toBe(true)
})

sqliteTest('reading the logs that a database was made of afterwards doubles nothing', async () => {
  const space = workspace()
  const log = predecessorBlock(predecessorEvent())
  const other = workspace()
  other.write('v1.log', log)
  await other.ingest()
  const stored = (await allRows(other)) as PredecessorTuple[]
  makePredecessorDatabase(day(space), stored)
  await space.run(['convert'])
  space.write('v1.log', log)
  expect(await space.ingest()).toMatchObject({ rowsInserted: 0, rowsDuplicate: 1 })
  expect(await allRows(space)).toEqual(stored)
})

sqliteTest('a database that another process writes to is not changed', async () => {
  const space = workspace()
  makePredecessorDatabase(day(space), rowsOn(NOON, 'a'))
  const writer = await openDatabase(day(space))
  writer.exec('BEGIN; SELECT * FROM requests')
  expect((await space.run(['convert'])).exitCode).toBe(4)
  writer.close()
  expect(await space.run(['convert'])).toMatchObject({ exitCode: 0 })
})

sqliteTest('forgotten requests, and those that are too old to keep, do not come back', async () => {
  const space = workspace()
  const rows = [0, 1, 2, 3].map((days) => rowsOn(NOON + days * S_PER_DAY, `r${days}`)[3] as PredecessorTuple)
  makePredecessorDatabase(join(space.db, 'monthly/2025-09.sqlite3'), rows)
  await space.run(['convert'])
  await space.run(['forget', '--request-id', rows[3]?.[0] ?? '', '--yes'])
  await space.run(['retain', '--metadata', '2025-09-11', '--bodies', '2025-09-12', '--yes'])
  makePredecessorDatabase(join(space.db, 'weekly/2025-W37.sqlite3'), rows)
  expect(await space.run(['convert'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('rows=4 inserted=0'),
  })
  const [, second, third] = rows as [PredecessorTuple, PredecessorTuple, PredecessorTuple]
  const removed = '{"_removed": true}'
  expect(await allRows(space)).toEqual([[...second.slice(0, 9), removed, removed, second[11]], third])
})

sqliteTest('days become weeks, also where the predecessor has its own file for the week', async () => {
  const space = workspace()
  const rows = [...rowsOn(NOON, 'a'), ...rowsOn(NOON + S_PER_DAY, 'b')]
  makePredecessorDatabase(day(space), rows.slice(0, ROWS))
  makePredecessorDatabase(join(space.db, '2025/W37/ai_proxy_2025W37.sqlite3'), rows)
  expect(await space.run(['convert'], { LOGDB_PARTITION_GRANULARITY: 'weekly' })).toMatchObject({ exitCode: 0 })
  expect(await allRows(space)).toEqual(rows)
  expect(space.partitions()).toHaveLength(1)
})

sqliteTest('a row that cannot be converted is named before anything is changed', async () => {
  const [row] = rowsOn(NOON, 'a') as [PredecessorTuple]
  const changes: [column: number, value: unknown][] = [
    [0, null],
    [2, 1_757_505_600_000_000],
    [2, -1],
    [3, ''],
    [6, 2 ** 60],
    [7, Number.POSITIVE_INFINITY],
  ]
  for (const [column, value] of changes) {
    const space = workspace()
    makePredecessorDatabase(day(space), [row, row.with(0, 'other').with(column, value as string) as PredecessorTuple])
    const before = digests([day(space)])
    const { exitCode, stderr } = await space.run(['convert'])
    expect([exitCode, stderr]).toEqual([
      7,
      expect.stringMatching(/number that is out of range: rowid 2\.\nHint: correct or delete/),
    ])
    expect(digests([day(space)])).toEqual(before)
  }
})

sqliteTest(
  'a file that is not a database, and a folder with the name of a half converted one, do not matter',
  async () => {
    const space = workspace()
    const db = join(space.folder, 'a.converting')
    const rows = rowsOn(NOON, 'a')
    makePredecessorDatabase(join(db, '2025/09/ai_proxy_20250910.sqlite3'), rows)
    writeFileSync(join(db, 'notes.sqlite3'), 'no database '.repeat(1000))
    const { exitCode, stdout } = await space.run(['convert', '--out', 'a.converting'])
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(`rows=${ROWS} inserted=${ROWS}`)])
  },
)
