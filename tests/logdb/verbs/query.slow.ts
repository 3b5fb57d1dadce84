import { spawn } from 'node:child_process'
import { expect } from 'vitest'
import { chat, jsonl, record } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { digests, openDatabase, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'
import { compiledLogdb } from '../../helpers/process/compiled-package.ts'

/** One request a day, from 2025-09-01 on. */
async function filled(days: number, env: Record<string, string> = {}): Promise<Workspace> {
  const space = workspace()
  const records = Array.from({ length: days }, (_, index) => {
    const day = String(index + 1).padStart(2, '0')
    return record({
      timestamp: `2025-09-${day}T10:00:00.000001Z`,
      x_request_id: `r${day}`,
      request: chat(`question ${day}`),
      model_original: index % 2 === 0 ? 'claude' : 'gpt-4o',
      latency_ms: index + 1,
    })
  })
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest({ env })
  return space
}

async function rows(space: Workspace, sql: string, ...args: string[]): Promise<unknown[]> {
  const { exitCode, stdout, stderr } = await space.run(['query', sql, '--json', ...args])
  expect([exitCode, stderr]).toEqual([0, ''])
  return JSON.parse(stdout).result
}

const BY_MODEL = `
  SELECT model_original AS model, COUNT(*) AS n, AVG(latency_ms) AS mean, MAX(length(request_json)) AS longest
  FROM requests GROUP BY 1 ORDER BY 1`
const LONGEST = 77

sqliteTest('a statement over partitions that are all sealed sees them as one', async () => {
  const space = await filled(2)
  expect((await space.run(['seal'])).stdout.trimEnd().split('\n')).toHaveLength(2)
  expect(await rows(space, 'SELECT count(*) AS n FROM requests')).toEqual([{ n: 2 }])
})

// 1: the partition itself; 11: as many as SQLite attaches; more are copied.
for (const days of [1, 2, 11, 12, 24]) {
  sqliteTest(`a statement over ${days} partitions sees them as one`, async () => {
    const space = await filled(days)
    expect(space.partitions()).toHaveLength(days)
    const [odd, even] = [Math.ceil(days / 2), Math.floor(days / 2)]
    const models = [
      { model: 'claude', n: odd, mean: odd, longest: LONGEST },
      { model: 'gpt-4o', n: even, mean: even + 1, longest: LONGEST },
    ]
    expect(await rows(space, BY_MODEL)).toEqual(models.filter(({ n }) => n > 0))
    const last = String(days).padStart(2, '0')
    expect(await rows(space, 'SELECT * FROM requests ORDER BY ts DESC LIMIT 1')).toEqual(
      await space.query(`SELECT * FROM requests WHERE latency_ms = ${days}`),
    )
    expect(
      await rows(space, `SELECT x_request_id FROM request_details WHERE request_json LIKE '%question ${last}%'`),
    ).toEqual([{ x_request_id: `r${last}` }])
    expect(await rows(space, 'SELECT count(*) AS n FROM requests JOIN servers USING (server_id)')).toEqual([
      { n: days },
    ])
    expect(await rows(space, 'SELECT count(*) AS n FROM requests NATURAL JOIN servers')).toEqual([{ n: days }])
    expect(await rows(space, 'SELECT count(*) AS n FROM ingest_sources')).toEqual([{ n: 1 }])
  })
}

sqliteTest('dates choose partitions, and requests within weekly ones', async () => {
  for (const granularity of ['daily', 'weekly']) {
    const space = await filled(14, { LOGDB_PARTITION_GRANULARITY: granularity })
    const range = ['--since', '2025-09-03', '--to', '2025-09-12']
    expect(await rows(space, 'SELECT count(*) AS n, min(latency_ms) AS first FROM requests', ...range)).toEqual([
      { n: 10, first: 3 },
    ])
    const day = ['--since', '2025-09-03', '--to', '2025-09-03']
    expect(await rows(space, 'SELECT count(*) AS n FROM request_details', ...day)).toEqual([{ n: 1 }])
  }
})

sqliteTest('a query of a single day can use the text index and every table', async () => {
  const space = await filled(3)
  const sql = "SELECT role, content FROM request_text_index WHERE request_text_index MATCH 'question'"
  expect(await rows(space, sql, '--since', '2025-09-02', '--to', '2025-09-02')).toEqual([
    { role: 'user', content: 'question 02' },
  ])
})

sqliteTest('rows come as a table, as CSV, or as documents', async () => {
  const space = await filled(2)
  const sql = `SELECT latency_ms AS ms, NULL AS empty, 'a "b", c' AS text, x'00ff' AS bytes, 'x' || char(27) AS odd FROM requests`
  const print = async (...args: string[]) => (await space.run(['query', sql, ...args])).stdout
  expect(await print()).toBe(
    'ms  empty  text      bytes  odd\n1          a "b", c  00ff   x\n2          a "b", c  00ff   x\n',
  )
  expect(await print('--csv')).toBe(
    'ms,empty,text,bytes,odd\n1,,"a ""b"", c",00ff,x\u001b\n2,,"a ""b"", c",00ff,x\u001b\n',
  )
  const document = { ms: 1, empty: null, text: 'a "b", c', bytes: '00ff', odd: 'x\u001b' }
  const documents = [document, { ...document, ms: 2 }]
  expect(await print('--nl')).toBe(documents.map((one) => `${JSON.stringify(one)}\n`).join(''))
  expect(JSON.parse(await print('--json'))).toEqual({ ok: true, verb: 'query', result: documents, warnings: [] })
  const wide = await space.run(['query', 'SELECT request_json FROM requests'], {}, { isTTY: true })
  expect(wide.stdout.split('\n')[1]).toMatch(/^.{59}…$/)
})

sqliteTest('anything but one statement that reads is refused, and changes nothing', async () => {
  for (const days of [1, 2, 12]) {
    const space = await filled(days)
    const before = digests(space.partitions())
    for (const [sql, reason] of [
      ['DELETE FROM req', 'does more than read'],
      ['DELETE FROM req RETURNING id', 'does more than read|no such table'],
      ["UPDATE requests SET dialog_id = 'x'", 'does more than read|cannot modify'],
      ['CREATE TABLE x (a)', 'does more than read'],
      ["ATTACH '/tmp/never' AS never", 'does more than read'],
      ['PRAGMA journal_mode = DELETE', 'does more than read'],
      ['PRAGMA query_only = OFF', 'does more than read'],
      ['SELECT 1; SELECT 2', 'more than one statement'],
      [' ', 'no statement'],
      ['SELEC 1', 'syntax error'],
      ['SELECT missing FROM requests', 'no such column'],
      ['SELECT abs(-9223372036854775808) FROM requests', 'integer overflow'],
    ] as const) {
      const { exitCode, stdout, stderr } = await space.run(['query', sql])
      expect([sql, exitCode, stdout]).toEqual([sql, 2, ''])
      expect(stderr).toMatch(new RegExp(`cannot be run: .*(${reason}).*\nHint: give one SELECT`))
    }
    expect(digests(space.partitions())).toEqual(before)
  }
})

sqliteTest('a database that is not ours is skipped, and it is an error if there is no other', async () => {
  const space = await filled(2)
  const [path = ''] = space.partitions()
  const db = await openDatabase(path)
  db.pragma('application_id = 1')
  db.close()
  const { stdout, stderr } = await space.run(['query', 'SELECT count(*) AS n FROM requests'])
  expect([stdout, stderr]).toEqual([
    'n\n1\n',
    `${path}: was made by the predecessor and is skipped; run logdb convert\n`,
  ])
  expect(await workspace().run(['query', 'SELECT 1'])).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringMatching(/holds no partition of these days\.\nHint: run: logdb ingest/),
  })
})

sqliteTest('a signal ends a long query immediately', async () => {
  const { folder } = await filled(1)
  const endless = `SELECT 'begun' UNION ALL
    SELECT max(i) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)`
  const args = [compiledLogdb(), 'query', '--nl', endless]
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise((resolve) => child.on('exit', (_, signal) => resolve(signal)))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  child.kill('SIGTERM')
  expect(await ended).toBe('SIGTERM')
})

const BIG = 'SELECT 9007199254740993 AS big, -7 AS small, 9e999 AS endless, NULL AS none, 1 AS twice, 2 AS twice'

sqliteTest('no figure is rounded, and no column lost', async () => {
  const space = await filled(1)
  expect(await rows(space, BIG)).toEqual([
    { big: '9007199254740993', small: -7, endless: 'Infinity', none: null, twice: 1, 'twice:2': 2 },
  ])
  expect((await space.run(['query', BIG, '--csv'])).stdout).toBe(
    'big,small,endless,none,twice,twice\n9007199254740993,-7,Infinity,,1,2\n',
  )
})

sqliteTest('a long cell does not widen all others', async () => {
  const space = await filled(1)
  const sql = "SELECT 1 AS n, 'short' AS text UNION ALL SELECT 2, printf('%.*c', 1000, 'x')"
  const { stdout } = await space.run(['query', sql])
  expect(stdout).toBe(`n  text\n1  short\n2  ${'x'.repeat(1000)}\n`)
})

sqliteTest('what is shown on a terminal does not move its cursor', async () => {
  const space = await filled(1)
  const sql = 'SELECT char(27) || char(155) || char(8238) AS text'
  const run = async (flags: string[], isTTY: boolean) =>
    (await space.run(['query', sql, ...flags], {}, { isTTY })).stdout
  expect(await run([], true)).toBe('text\n\n')
  expect(await run(['--csv'], true)).toBe('text\n   \n')
  expect(await run(['--csv'], false)).toBe('text\n\u001b\u009b\u202e\n')
  expect(await run(['--nl'], true)).toBe('{"text":"\\u001b\\u009b\\u202e"}\n')
})

sqliteTest('a name that exists only within a partition is an error over several, never the answer of one', async () => {
  for (const days of [2, 10, 11, 12]) {
    const space = await filled(days)
    const [{ n = 0 } = {}] = (await rows(space, 'SELECT count(*) AS n FROM requests')) as { n: number }[]
    expect(n).toBe(days)
    for (const sql of [
      "SELECT COUNT(*) FROM request_text_index WHERE request_text_index MATCH 'question'",
      'SELECT COUNT(*) FROM main.requests',
      'SELECT COUNT(*) FROM "main"."req"',
      'SELECT COUNT(*) FROM req',
      'SELECT COUNT(*) FROM msg JOIN node ON node.msg = msg.id',
      'SELECT COUNT(*) FROM fts_src',
      'SELECT COUNT(*) FROM request_text_index_data',
      'SELECT COUNT(*) FROM sqlite_master',
      'SELECT COUNT(*) FROM dbstat',
      'SELECT (SELECT COUNT(*) FROM Msg_First) FROM requests',
    ]) {
      const { exitCode, stdout, stderr } = await space.run(['query', sql])
      expect([sql, exitCode, stdout]).toEqual([sql, 2, ''])
      expect(stderr).toContain('to read request_text_index too, choose one day')
    }
    expect(await rows(space, "SELECT 'sqlite_master' AS name FROM requests LIMIT 1")).toEqual([
      { name: 'sqlite_master' },
    ])
  }
})

sqliteTest('a day of a weekly partition does not show the other days of its tables', async () => {
  const space = await filled(3, { LOGDB_PARTITION_GRANULARITY: 'weekly' })
  const day = ['--since', '2025-09-02', '--to', '2025-09-02']
  expect(await rows(space, 'SELECT x_request_id AS id FROM request_details', ...day)).toEqual([{ id: 'r02' }])
  expect((await space.run(['query', 'SELECT COUNT(*) FROM req', ...day])).exitCode).toBe(2)
})
