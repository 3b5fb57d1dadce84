import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { followRequests } from '../../../../logdb/verbs/list/follow-requests.ts'
import { chat, completion, jsonl, record, timestampAt } from '../../../helpers/logdb/logs.ts'
import { makePredecessorDatabase } from '../../../helpers/logdb/predecessor-database.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { digests, openDatabase, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

const DAYS = ['2025-09-08', '2025-09-09', '2025-09-10']
const PER_DAY = 20
const OTHER_SERVER = '99999999-2222-3333-4444-555555555555'

/** Conversations of four turns that continue over midnight, with tools that are stored only to be searched. */
function logsOf(days: readonly string[], start = 0): string {
  let history: unknown[] = []
  const records = days.flatMap((day, dayIndex) =>
    Array.from({ length: PER_DAY }, (_, index) => {
      const number = start + dayIndex * PER_DAY + index
      const request = { ...chat(`question ${number}`, history), system: `system of ${number % 5}` }
      const said = [...request.messages, { role: 'assistant', content: `answer ${number}` }]
      history = number % 4 === 3 ? [] : said
      return record({
        timestamp: timestampAt(index, `${day}T10:00:00Z`),
        x_request_id: `x${number}`,
        request,
        response: completion(`answer ${number}`),
      })
    }),
  )
  return jsonl(records)
}

async function ingested(days = DAYS, env: Record<string, string> = {}): Promise<Workspace> {
  const space = workspace()
  space.write('requests-1.jsonl', logsOf(days))
  await space.ingest({ env })
  return space
}

/** What verbs show of a database, whatever file holds it. */
async function shown({ run }: Workspace) {
  const sql = `SELECT * FROM request_details ORDER BY request_id`
  const outputs = [
    ['query', sql, '--json'],
    ['list', '--json', '--limit', '100'],
    ['search', '"answer 3"', '--json'],
  ]
  const [rows, list, search] = await Promise.all(outputs.map(async (args) => JSON.parse((await run(args)).stdout)))
  expect(rows.error).toBeUndefined()
  return {
    rows: rows.result,
    list: list.result,
    found: search.result.map(({ request_id }: { request_id: string }) => request_id),
  }
}

const month = (space: Workspace) => join(space.db, 'monthly/2025-09.sqlite3')
const september = (space: Workspace) => join(space.db, '2025/09')
const mergeMonth = (space: Workspace, ...more: string[]) =>
  space.run(['merge', '--from', september(space), '--to', month(space), ...more])

sqliteTest('a month has all requests of its days, and every verb reads them there once', async () => {
  const space = await ingested()
  const before = await shown(space)
  const sources = space.partitions()
  const unchanged = digests(sources)
  const { exitCode, stdout, stderr } = await mergeMonth(space)
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout).toBe(
    `${sources.map((path) => `${path} requests=${PER_DAY} added=${PER_DAY}\n`).join('')}sources=3 total_requests=60 integrity=ok\n`,
  )
  expect(digests(sources)).toEqual(unchanged)
  expect(await shown(space)).toEqual(before)
  expect(await space.run(['verify', '--deep'])).toEqual({
    exitCode: 0,
    stdout: `${month(space)} rows=60 unindexed=0 proven=60 removed=0 converted=0 ok\n`,
    stderr: '',
  })
  expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
  expect((await mergeMonth(space)).stdout).toContain(' added=0\nsources=3 total_requests=60 integrity=ok\n')
  expect(await shown(space)).toEqual(before)
})

sqliteTest('sources are deleted only when asked for, and late records go into the merged file', async () => {
  const space = await ingested()
  const before = await shown(space)
  expect((await mergeMonth(space, '--delete-sources')).exitCode).toBe(0)
  expect(readdirSync(september(space))).toEqual([])
  expect(existsSync(join(space.db, 'replaced.json'))).toBe(false)
  expect(await shown(space)).toEqual(before)
  expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0, stderr: '' })
  space.write('requests-2.jsonl', logsOf(['2025-09-09'], 500))
  expect(await space.ingest()).toMatchObject({ rowsInserted: PER_DAY, lost: [], unsealed: [month(space)] })
  expect((await shown(space)).rows).toHaveLength(before.rows.length + PER_DAY)
  expect(space.partitions()).toEqual([])
  expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
})

sqliteTest('what was forgotten stays forgotten, in the merged file and in the files that it replaces', async () => {
  const space = await ingested()
  const { rows } = await shown(space)
  const [first, second] = rows
  await space.run(['forget', '--request-id', first.request_id, '--yes'])
  await mergeMonth(space)
  expect((await shown(space)).rows).toHaveLength(rows.length - 1)
  await space.run(['forget', '--request-id', second.request_id, '--yes'])
  expect((await shown(space)).rows).toHaveLength(rows.length - 2)
  const files = [...space.partitions(), month(space)]
  for (const path of files) {
    const db = await openDatabase(path)
    const ids = [first, second].map(({ request_id }) => request_id)
    expect(db.prepare('SELECT count(*) FROM z_req WHERE request_id IN (?, ?)').pluck().get(ids)).toBe(0)
    db.close()
  }
  expect((await mergeMonth(space)).stdout).toContain(`total_requests=${rows.length - 2} integrity=ok`)
  expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
})

sqliteTest('what one partition has forgotten does not come back from another one', async () => {
  const space = await ingested()
  const [first] = (await shown(space)).rows
  const copies = join(space.folder, 'copies')
  cpSync(september(space), copies, { recursive: true })
  await space.run(['forget', '--request-id', first.request_id, '--yes'])
  await mergeMonth(space)
  const { stdout } = await space.run(['merge', '--from', copies, '--to', month(space)])
  expect(stdout).toContain(`total_requests=${DAYS.length * PER_DAY - 1} integrity=ok`)
  expect((await shown(space)).rows).not.toContainEqual(first)
})

sqliteTest('weeks, then months, take over the days that are over; a week in two months stays', async () => {
  const days = ['2025-09-08', '2025-09-10', '2025-09-29', '2025-10-01', '2025-10-06']
  const space = await ingested(days)
  const before = await shown(space)
  const weekly = await space.run(['merge', '--weekly'])
  const week = (number: number) => join(space.db, `2025/W${number}/ai_proxy_2025W${number}.sqlite3`)
  expect(weekly.stdout.split('\n').filter((line) => line.includes('sources='))).toEqual([
    `${week(37)} sources=2 total_requests=40 integrity=ok`,
    `${week(40)} sources=2 total_requests=40 integrity=ok`,
    `${week(41)} sources=1 total_requests=20 integrity=ok`,
  ])
  expect(await shown(space)).toEqual(before)
  expect((await space.run(['merge', '--weekly'])).stderr).toBe('there was nothing to merge\n')
  const monthly = await space.run(['merge', '--monthly'], { LOGDB_CLEANUP_AFTER_MERGE: 'true' })
  expect(monthly.exitCode).toBe(0)
  expect(await shown(space)).toEqual(before)
  await space.run(['merge', '--weekly', '--delete-sources'])
  expect(space.partitions()).toEqual([
    join(space.db, '2025/M09/ai_proxy_202509.sqlite3'),
    join(space.db, '2025/M10/ai_proxy_202510.sqlite3'),
    week(40),
  ])
  expect(await shown(space)).toEqual(before)
  expect(existsSync(join(space.db, 'replaced.json'))).toBe(false)
})

sqliteTest('the week that is not over is not merged', async () => {
  const today = new Date().toISOString().slice(0, 10)
  const space = await ingested([today])
  expect(await space.run(['merge', '--weekly'])).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: 'there was nothing to merge\n',
  })
})

sqliteTest('a request that is in two partitions with different content stops the merge', async () => {
  const space = await ingested()
  await mergeMonth(space)
  const before = await shown(space)
  const [path = ''] = space.partitions()
  const db = await openDatabase(path)
  db.exec('UPDATE z_req_row SET bytes_in = 599 WHERE id = 7')
  db.close()
  const [old] = digests([month(space)])
  const { exitCode, stdout, stderr } = await mergeMonth(space, '--delete-sources')
  expect([exitCode, stdout.split('\n').at(-2)]).toEqual([7, 'sources=3 total_requests=60 integrity=fail'])
  expect(stderr).toContain('MERGE_CONFLICT')
  expect(digests([month(space)])).toEqual([old])
  expect(readdirSync(dirname(month(space)))).toEqual(['2025-09.sqlite3'])
  expect(space.partitions()).toHaveLength(DAYS.length)
  expect(await shown(space)).toEqual(before)
})

sqliteTest('the same log under two ids of a server is reported, and --same-server joins both', async () => {
  const space = await ingested()
  const other = await ingested(DAYS, { LOGDB_SERVER_ID: OTHER_SERVER })
  cpSync(september(other), join(space.folder, 'other'), { recursive: true })
  const args = ['merge', '--from', join(space.folder, 'other'), '--to', month(space)]
  await mergeMonth(space)
  const { stderr, stdout } = await space.run(args)
  expect(stdout).toContain('total_requests=120 integrity=ok')
  expect(stderr).toContain('has 60 requests under the ids of two servers')
  const joined = await space.run([...args, '--same-server', `${OTHER_SERVER}=11111111-2222-3333-4444-555555555555`])
  expect(joined).toMatchObject({ exitCode: 0, stderr: '' })
  expect(joined.stdout).toContain('total_requests=60 integrity=ok')
  expect((await space.run(['verify', '--deep'])).stdout).toContain('proven=60')
  const servers = JSON.parse((await space.run(['query', 'SELECT DISTINCT server_id FROM requests', '--json'])).stdout)
  expect(servers.result).toHaveLength(1)
})

sqliteTest('rows that the predecessor wrote are completed by those of a log', async () => {
  const space = await ingested(['2025-09-08'])
  const [row] = (await shown(space)).rows
  const old = workspace()
  const values = [
    row.request_id,
    row.server_id,
    row.ts,
    row.endpoint,
    row.model_original,
    row.model_mapped,
    row.status_code,
    row.latency_ms,
    row.api_key_hash,
    row.request_json,
    row.response_json,
    null,
  ] as never
  makePredecessorDatabase(join(old.db, '2025/09/ai_proxy_20250908.sqlite3'), [values])
  const foreign = await space.run(['merge', '--from', old.db, '--to', month(space)])
  expect([foreign.exitCode, foreign.stderr]).toEqual([7, expect.stringContaining('logdb convert')])
  await old.run(['convert'])
  expect((await space.run(['merge', '--from', old.db, '--to', month(space)])).stdout).toContain('total_requests=1 ')
  expect((await mergeMonth(space)).stdout).toContain(`total_requests=${PER_DAY} integrity=ok`)
  expect((await shown(space)).rows[0]).toEqual(row)
})

sqliteTest('a folder or a device as the merged file is refused, and not taken for a damaged one', async () => {
  const space = await ingested()
  const { exitCode, stderr } = await space.run(['merge', '--from', 'logs/db', '--to', 'logs/db'])
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('is a folder')])
  symlinkSync('/dev/null', join(space.folder, 'null'))
  const device = await space.run(['merge', '--from', 'logs/db', '--to', 'null'])
  expect([device.exitCode, device.stderr]).toEqual([2, expect.stringContaining('null is not a file')])
})

sqliteTest('what verbs would not find, or read twice, is refused', async () => {
  const space = await ingested()
  const from = september(space)
  const lost = await space.run(['merge', '--from', from, '--to', join(space.folder, 'all.sqlite3'), '--delete-sources'])
  expect([lost.exitCode, lost.stderr]).toEqual([2, expect.stringContaining('would not find')])
  const wrong = await space.run(['merge', '--from', from, '--to', join(space.db, 'monthly/2025-08.sqlite3')])
  expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('outside 2025-08-01 to 2025-08-31')])
  expect(readdirSync(join(space.db, 'monthly'))).toEqual([])
  expect((await space.run(['merge', '--from', join(space.folder, 'no'), '--to', month(space)])).exitCode).toBe(1)
  for (const flags of [[], ['--weekly', '--monthly'], ['--from', from], ['--same-server', 'x', '--weekly']]) {
    expect((await space.run(['merge', ...flags])).exitCode).toBe(2)
  }
})

sqliteTest('a second file of the same days is a copy that verbs do not read', async () => {
  const space = await ingested()
  await space.run(['merge', '--weekly'])
  const before = await shown(space)
  expect((await mergeMonth(space)).stdout).toContain('total_requests=60 integrity=ok')
  expect(await shown(space)).toEqual(before)
  const outside = join(space.folder, 'all.sqlite3')
  expect((await space.run(['merge', '--from', space.db, '--to', outside])).stdout).toContain('total_requests=60 ')
  expect(statSync(outside).mode & 0o222).toBe(0)
})

sqliteTest('a dry run changes nothing, and what a killed run left does not matter', async () => {
  const space = await ingested()
  const dry = await mergeMonth(space, '--dry-run')
  expect(dry.stdout).toBe(
    space
      .partitions()
      .map((path) => `${path} requests=${PER_DAY}\n`)
      .join(''),
  )
  expect(existsSync(month(space))).toBe(false)
  mkdirSync(dirname(month(space)))
  writeFileSync(`${month(space)}.part`, 'half of a file')
  writeFileSync(`${month(space)}.part-wal`, 'half of a file')
  expect((await mergeMonth(space)).exitCode).toBe(0)
  expect(readdirSync(dirname(month(space)))).toEqual(['2025-09.sqlite3'])
})

sqliteTest('a partition that is renamed back after its merge is found again', async () => {
  const space = await ingested()
  await mergeMonth(space)
  const { rows } = await shown(space)
  renameSync(month(space), join(space.folder, 'moved.sqlite3'))
  expect((await shown(space)).rows).toEqual(rows)
})

sqliteTest('tail -f does not show the requests of a merged file again, but those that come later', async () => {
  const space = await ingested()
  const ended = new AbortController()
  const followed = followRequests({ out: space.db, limit: 1 }, ended.signal)
  const next = async () => (await followed.next()).value?.requests ?? []
  expect(await next()).toHaveLength(1)
  await mergeMonth(space)
  expect(await next()).toEqual([])
  space.write('requests-2.jsonl', logsOf(['2025-09-09'], 500))
  await space.ingest()
  expect(await next()).toHaveLength(PER_DAY)
  ended.abort()
})
