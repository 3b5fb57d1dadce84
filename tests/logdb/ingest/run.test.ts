import { appendFileSync, chmodSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
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
import { LEDGER_GAP, openDatabase, SERVER_ID, workspace } from '../../helpers/logdb/workspace.ts'

const LOG = 'requests-2025-09-10.r1.jsonl'
/** Records a second apart from noon, each with its own text. */
const some = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => {
    const number = from + index
    return record({ timestamp: timestampAt(number), x_request_id: `x${number}`, request: chat(`question ${number}`) })
  })
const onDay = (day: string, id: string) => record({ timestamp: `${day}T10:00:00.000001Z`, x_request_id: id })

async function xRequestIds({ query }: ReturnType<typeof workspace>): Promise<string[]> {
  const rows = await query<{ id: string }>('SELECT x_request_id AS id FROM z_req ORDER BY id')
  return rows.map(({ id }) => id).sort()
}

async function expectLedgerAddsUp({ queryControl }: ReturnType<typeof workspace>): Promise<void> {
  for (const row of await queryControl<{ gap: number }>(LEDGER_GAP)) expect(row.gap).toBe(0)
}

sqliteTest('both formats become rows of the day that they belong to, and a second run adds nothing', async () => {
  const space = workspace()
  space.write(LOG, jsonl([...some(3), onDay('2025-09-11', 'next')]))
  space.write('v1_chat_completions.log', predecessorBlock(predecessorEvent()))
  expect(await space.ingest()).toMatchObject({ filesScanned: 2, filesIngested: 2, rowsInserted: 5, rowsDuplicate: 0 })
  expect(space.partitions().map((path) => relative(space.db, path))).toEqual([
    '2025/09/ai_proxy_20250910.sqlite3',
    '2025/09/ai_proxy_20250911.sqlite3',
  ])
  expect(await space.ingest()).toMatchObject({
    filesScanned: 2,
    filesIngested: 0,
    rowsInserted: 0,
    rowsDuplicate: 0,
    bytesRead: 0,
  })
  expect(await space.query('SELECT count(*) AS n FROM requests')).toEqual([{ n: 4 }, { n: 1 }])
  await expectLedgerAddsUp(space)
})

sqliteTest('the views give what was logged, and requests has exactly its twelve columns', async () => {
  const space = workspace()
  const request = chat('and now?', [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hi' },
  ])
  space.write(LOG, jsonl([record({ request, dialog_id: 'dialog-7' })]))
  await space.ingest()
  const [row] = await space.query<Record<string, unknown>>('SELECT * FROM requests')
  expect(row).toEqual({
    request_id: expect.stringMatching(/^[0-9a-f]{64}$/),
    server_id: SERVER_ID,
    ts: 1757505600,
    endpoint: '/v1/chat/completions',
    model_original: 'gpt-4o',
    model_mapped: 'openai/gpt-4o',
    status_code: 200,
    latency_ms: 12.5,
    api_key_hash: '0123456789abcdef',
    request_json:
      '{"messages": [{"content": "Be brief.", "role": "system"}, {"content": "Hi", "role": "user"}, {"content": "and now?", "role": "user"}], "model": "gpt-4o"}',
    response_json:
      '{"choices": [{"finish_reason": "stop", "index": 0, "message": {"content": "Hello", "role": "assistant"}}], "id": "chatcmpl-1", "model": "openai/gpt-4o"}',
    dialog_id: 'dialog-7',
  })
  const [details] = await space.query<Record<string, unknown>>('SELECT * FROM request_details')
  expect(details).toEqual({
    ...row,
    timestamp: '2025-09-10T12:00:00.000001Z',
    ts_us: 1757505600000001,
    x_request_id: 'req-1',
    method: 'POST',
    provider: 'openrouter',
    stream: 0,
    outcome: 'ok',
    finish_reason: 'stop',
    ttfb_ms: 3.25,
    overhead_ms: 0.5,
    bytes_in: 100,
    bytes_out: 200,
    release: '20250910-110000',
    api_key_name: null,
    tokens_in: 7,
    tokens_out: 5,
    dialog_source: null,
    trace_id: null,
    tokens_cache_read: null,
    tokens_cache_write_5m: null,
    tokens_cache_write_1h: null,
    tokens_reasoning: null,
    cost: null,
    dispatched_ms: null,
    retries: null,
  })
})

sqliteTest('a conversation that grows turn by turn is stored once', async () => {
  const space = workspace()
  const turns = Array.from({ length: 20 }, (_, turn) => {
    const before = Array.from({ length: turn }, (_, index) => [
      { role: 'user', content: `q${index}` },
      { role: 'assistant', content: `a${index}` },
    ]).flat()
    return record({
      x_request_id: `t${turn}`,
      timestamp: timestampAt(turn),
      request: chat(`q${turn}`, before),
      response: completion(`a${turn}`),
    })
  })
  space.write(LOG, jsonl(turns))
  await space.ingest()
  expect(
    await space.query('SELECT (SELECT count(*) FROM z_msg) AS messages, (SELECT count(*) FROM z_node) AS nodes'),
  ).toEqual([{ messages: 40, nodes: 39 }])
  const rows = await space.query<{ request_json: string }>('SELECT request_json FROM requests ORDER BY ts')
  expect(rows.map(({ request_json }) => JSON.parse(request_json))).toEqual(turns.map(({ request }) => request))
})

sqliteTest('a growing file gives its new records; an unfinished one waits', async () => {
  const space = workspace()
  const [first, second, third] = jsonl(some(3)).split(/(?<=\n)/)
  const path = space.write(LOG, `${first}${second?.slice(0, 100)}`)
  expect(await space.ingest()).toMatchObject({ rowsInserted: 1, bytesPending: 100 })
  appendFileSync(path, second?.slice(100) ?? '')
  expect(await space.ingest()).toMatchObject({ rowsInserted: 1, bytesPending: 0 })
  appendFileSync(path, third ?? '')
  expect(await space.ingest()).toMatchObject({ rowsInserted: 1, rowsDuplicate: 0 })
  expect(await space.queryControl('SELECT count(*) AS sources FROM sources')).toEqual([{ sources: 1 }])
})

sqliteTest('renaming, copying and compressing a file do not add its records again', async () => {
  const space = workspace()
  const path = space.write(
    'v1_chat.log',
    some(50)
      .map((event) => predecessorBlock(event))
      .join(''),
  )
  await space.ingest()
  renameSync(path, join(space.logs, 'v1_chat.log.1'))
  space.write('v1_chat.log', predecessorBlock(predecessorEvent({ request: chat('after rotation') })))
  expect(await space.ingest()).toMatchObject({ rowsInserted: 1, rowsDuplicate: 0 })
  rmSync(join(space.logs, 'v1_chat.log.1'))
  const all = some(55)
    .map((event) => predecessorBlock(event))
    .join('')
  space.write('v1_chat.log.2.gz', gzipSync(all))
  expect(await space.ingest()).toMatchObject({ rowsInserted: 5, rowsDuplicate: 0 })
  space.write('copy.log', all)
  expect(await space.ingest()).toMatchObject({ rowsInserted: 0, bytesRead: 0 })
  await expectLedgerAddsUp(space)
})

sqliteTest('a file that is emptied and rewritten is a new one', async () => {
  const space = workspace()
  const path = space.write(LOG, jsonl(some(30)))
  await space.ingest()
  truncateSync(path)
  expect(await space.ingest()).toMatchObject({ rowsInserted: 0 })
  writeFileSync(path, jsonl(some(5, 100)))
  expect(await space.ingest()).toMatchObject({ rowsInserted: 5, rowsDuplicate: 0 })
})

sqliteTest('a file with the same start but another content after it is not taken for the known one', async () => {
  const space = workspace()
  const path = space.write(LOG, jsonl(some(30)))
  await space.ingest()
  writeFileSync(path, jsonl([...some(10), ...some(30, 100)]))
  expect(await space.ingest()).toMatchObject({ rowsInserted: 30, rowsDuplicate: 10 })
  await expectLedgerAddsUp(space)
})

sqliteTest('the same record in two files is one row', async () => {
  const space = workspace()
  space.write('requests-a.jsonl', jsonl([...some(2), ...some(2, 10)]))
  space.write('requests-b.jsonl', jsonl([...some(2, 20), ...some(2, 10)]))
  expect(await space.ingest()).toMatchObject({ rowsInserted: 6, rowsDuplicate: 2 })
  expect(await space.queryControl('SELECT duplicate_bytes > 0 AS has FROM sources ORDER BY path')).toEqual([
    { has: 0 },
    { has: 1 },
  ])
  await expectLedgerAddsUp(space)
})

sqliteTest('records outside the dates are left for a later run, even after the file has grown and moved', async () => {
  const space = workspace()
  const days = ['2025-09-09', '2025-09-10', '2025-09-10', '2025-09-11', '2025-09-12', '2025-09-10']
  const path = space.write(LOG, jsonl(days.map((day, index) => onDay(day, `x${index}`))))
  expect(await space.ingest({ since: '2025-09-10', to: '2025-09-10' })).toMatchObject({
    rowsInserted: 3,
    recordsFiltered: 3,
  })
  await expectLedgerAddsUp(space)
  expect(await space.ingest({ since: '2025-09-10', to: '2025-09-10' })).toMatchObject({
    rowsInserted: 0,
    bytesRead: 0,
  })
  appendFileSync(path, jsonl([onDay('2025-09-11', 'x6')]))
  renameSync(path, join(space.logs, 'requests-moved.jsonl'))
  expect(await space.ingest({ to: '2025-09-11' })).toMatchObject({ rowsInserted: 3, rowsDuplicate: 0 })
  await expectLedgerAddsUp(space)
  expect(await space.ingest()).toMatchObject({ rowsInserted: 1, recordsFiltered: 0, rowsDuplicate: 0 })
  expect(await xRequestIds(space)).toEqual(['x0', 'x1', 'x2', 'x3', 'x4', 'x5', 'x6'])
  expect(
    await space.queryControl('SELECT count(*) AS gaps, (SELECT filtered_bytes FROM sources) AS bytes FROM source_gaps'),
  ).toEqual([{ gaps: 0, bytes: 0 }])
  await expectLedgerAddsUp(space)
})

sqliteTest('filtered records of a compressed file are left for a later run too', async () => {
  const space = workspace()
  space.write(`${LOG}.gz`, gzipSync(jsonl([onDay('2025-09-09', 'a'), onDay('2025-09-10', 'b')])))
  await space.ingest({ since: '2025-09-10' })
  expect(await space.ingest()).toMatchObject({ rowsInserted: 1 })
  expect(await xRequestIds(space)).toEqual(['a', 'b'])
})

sqliteTest('bad records are set aside with their place and reason, and all others are stored', async () => {
  const space = workspace()
  const good = jsonl(some(2)).split(/(?<=\n)/)
  const bad = [
    '{"v":1,"timestamp":"2025\n',
    '{"v":3,"endpoint":"/v1/x","request":1,"response":1}\n',
    '{"hello":"world"}\n',
    'oops \0\n',
  ]
  space.write(LOG, [good[0], ...bad, good[1]].join(''))
  space.write(
    'v1.log',
    `${predecessorBlock(predecessorEvent()).slice(0, 200)}\n${predecessorBlock(predecessorEvent())}`,
  )
  const report = await space.ingest()
  expect(report).toMatchObject({ rowsInserted: 3, recordsQuarantined: 5 })
  const first = Buffer.byteLength(good[0] ?? '')
  expect(report.quarantined[0]).toEqual({
    path: join(space.logs, LOG),
    offset: first,
    length: bad[0]?.length,
    reason: expect.stringContaining('control character'),
  })
  const errors = await space.queryControl<{ reason: string; head: string }>(
    'SELECT reason, head FROM ingest_errors ORDER BY id',
  )
  expect(errors.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('control character in a string'),
    'record version 3 is unknown to this logdb',
    'endpoint, request or response is missing',
    expect.stringContaining('expected {'),
    'record is cut off by the next one',
  ])
  expect(errors[2]?.head).toBe('{"hello":"world"}\n')
  expect((await space.ingest()).recordsQuarantined).toBe(0)
  await expectLedgerAddsUp(space)
})

sqliteTest('what the predecessor logs in addition to requests is ignored, not set aside', async () => {
  const space = workspace()
  const { endpoint: _, ...model } = predecessorEvent()
  space.write('models/gpt-4.log', predecessorBlock({ ...model, original_model: 'gpt-4' }))
  space.write('app.log', `{\n  "event": "Streaming chunk received (raw)"\n}\n`)
  space.write('routing.log', predecessorBlock({ event: 'Routing', model: 'x' }))
  expect(await space.ingest()).toMatchObject({
    filesScanned: 3,
    filesIngested: 0,
    rowsInserted: 0,
    recordsQuarantined: 0,
  })
  expect(
    await space.queryControl('SELECT sum(ignored_bytes) - sum(offset) AS rest, sum(offset) > 0 AS has FROM sources'),
  ).toEqual([{ rest: 0, has: 1 }])
})

sqliteTest('lone surrogates and bytes that are not UTF-8 do not stop a run', async () => {
  const space = workspace()
  const line = JSON.stringify(record({ request: chat('half \ud83d') }))
  const broken = Buffer.from(
    JSON.stringify(record({ x_request_id: 'b', request: chat('bad <> byte') })).replace('<>', '\u00ff'),
    'latin1',
  )
  space.write(LOG, Buffer.concat([Buffer.from(`${line}\n`), broken, Buffer.from('\n')]))
  expect(await space.ingest()).toMatchObject({ rowsInserted: 2, recordsQuarantined: 0 })
  const rows = await space.query<{ request_json: string }>('SELECT request_json FROM requests ORDER BY request_json')
  expect(rows.map(({ request_json }) => request_json.slice(0, 40))).toEqual([
    '{"messages": [{"content": "bad  byte", "',
    '{"messages": [{"content": "half \\ud83d",',
  ])
})

sqliteTest(
  'files that cannot be read are named, records before the damage are kept, and other files are read',
  async () => {
    const space = workspace()
    const random = Buffer.from(
      some(3000)
        .map(({ x_request_id }) => x_request_id)
        .join(),
    )
    space.write(
      'a.log.gz',
      gzipSync(
        some(400)
          .map((event) => predecessorBlock(event))
          .join(''),
      ).subarray(0, -200),
    )
    space.write('b.log.bz2', Buffer.concat([Buffer.from('BZh9'), random]))
    space.write('c.log.1', predecessorBlock(predecessorEvent()))
    const report = await space.ingest()
    expect(report.unreadable.map(({ path, reason }) => [relative(space.logs, path), reason])).toEqual([
      ['a.log.gz', 'unexpected end of file'],
      ['b.log.bz2', 'compressed with bzip2; logdb reads only gzip'],
    ])
    expect(report.rowsInserted).toBeGreaterThan(1)
    space.write(
      'a.log.gz',
      gzipSync(
        some(400)
          .map((event) => predecessorBlock(event))
          .join(''),
      ),
    )
    await space.ingest()
    expect(await space.query('SELECT count(*) AS n FROM z_req')).toEqual([{ n: 401 }])
    await expectLedgerAddsUp(space)
  },
)

sqliteTest('a folder without permission is named and the others are read', async () => {
  const space = workspace()
  space.write('secret/a.log', predecessorBlock(predecessorEvent()))
  space.write(LOG, jsonl(some(1)))
  chmodSync(join(space.logs, 'secret'), 0)
  const report = await space.ingest()
  chmodSync(join(space.logs, 'secret'), 0o700)
  const isRoot = process.getuid?.() === 0
  expect([report.unreadable.length, report.rowsInserted]).toEqual(isRoot ? [0, 2] : [1, 1])
})

sqliteTest('each partition says how far each source was read, in the transaction of its rows', async () => {
  const space = workspace()
  const path = space.write(LOG, jsonl([...some(2), onDay('2025-09-11', 'later')]))
  await space.ingest()
  const size = Buffer.byteLength(jsonl([...some(2), onDay('2025-09-11', 'later')]))
  const sources = await space.query<Record<string, unknown>>('SELECT * FROM ingest_sources')
  expect(sources).toHaveLength(2)
  expect(sources[0]).toEqual({
    source_path: path,
    sha256: null,
    bytes_ingested: size,
    mtime: expect.any(Number),
    last_scan_ts: expect.any(Number),
  })
  expect(await space.query('SELECT end_off FROM z_ingest_marks')).toEqual([{ end_off: size }, { end_off: size }])
  expect(await space.query('SELECT server_id, env FROM servers')).toEqual([
    { server_id: SERVER_ID, env: 'dev' },
    { server_id: SERVER_ID, env: 'dev' },
  ])
})

sqliteTest('without control.sqlite3 everything is read again and nothing doubles', async () => {
  const space = workspace()
  space.write(LOG, jsonl(some(20)))
  await space.ingest()
  rmSync(join(space.db, 'control.sqlite3'))
  expect(await space.ingest()).toMatchObject({ rowsInserted: 0, rowsDuplicate: 20 })
})

sqliteTest('weekly partitions hold the days of a week', async () => {
  const space = workspace()
  space.write(LOG, jsonl([onDay('2025-09-14', 'a'), onDay('2025-09-15', 'b'), onDay('2025-09-21', 'c')]))
  await space.ingest({ env: { LOGDB_PARTITION_GRANULARITY: 'weekly' } })
  expect(space.partitions().map((path) => relative(space.db, path))).toEqual([
    '2025/W37/ai_proxy_2025W37.sqlite3',
    '2025/W38/ai_proxy_2025W38.sqlite3',
  ])
})

sqliteTest('a database of the predecessor is not changed', async () => {
  const space = workspace()
  space.write(LOG, jsonl(some(1)))
  await space.run(['init', '--date', '2025-09-10', '--out', 'elsewhere'])
  const foreign = join(space.folder, 'logs/db/2025/09/ai_proxy_20250910.sqlite3')
  await space.run(['init', '--date', '2025-09-10'])
  rmSync(foreign)
  const db = await openDatabase(foreign)
  db.exec('CREATE TABLE requests (request_id TEXT PRIMARY KEY)')
  db.close()
  const run = await space.run(['ingest'])
  expect([run.exitCode, run.stderr]).toEqual([7, expect.stringContaining('was not made by this logdb')])
  rmSync(foreign)
  expect(await space.ingest()).toMatchObject({ rowsInserted: 1 })
})

sqliteTest('a record of a newer schema is refused instead of being misread', async () => {
  const space = workspace()
  space.write(LOG, jsonl(some(1)))
  await space.ingest()
  const db = await openDatabase(space.partitions()[0] ?? '')
  db.pragma('user_version = 99')
  db.close()
  space.write('requests-more.jsonl', jsonl(some(1, 5)))
  await expect(space.ingest()).rejects.toMatchObject({ code: 'DATABASE_NEWER', exitCode: 7 })
})

sqliteTest('two runs at once lose and double nothing', async () => {
  const space = workspace()
  space.write(LOG, jsonl(some(3000)))
  const results = await Promise.allSettled([space.ingest(), space.ingest()])
  expect(results.some(({ status }) => status === 'fulfilled')).toBe(true)
  await space.ingest()
  expect(await space.query('SELECT count(*) AS n FROM z_req')).toEqual([{ n: 3000 }])
  await expectLedgerAddsUp(space)
})
