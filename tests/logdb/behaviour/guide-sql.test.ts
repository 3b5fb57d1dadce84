import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect } from 'vitest'
import { chat, completion, jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { pythonTest, sqliteShellTest } from '../../helpers/logdb/sqlite-test.ts'
import { openDatabase, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

/**
 * Every statement that the predecessor's guide gives its users, as it stands there; with PLAN below, and without
 * the two that are impossible: `MATCH 'error NEAR/5 timeout'` is not FTS5, and a view cannot have an index.
 */
const GUIDE = {
  progress: 'SELECT * FROM ingest_sources;',
  tables: "SELECT name FROM sqlite_master WHERE type='table';",
  allTables: "SELECT * FROM sqlite_master WHERE type='table';",
  checkpoint: 'PRAGMA wal_checkpoint(PASSIVE);',
  integrity: 'PRAGMA integrity_check;',
  naturalLanguage: `SELECT * FROM request_text_index
WHERE request_text_index MATCH 'machine learning';`,
  boolean: `SELECT * FROM request_text_index
WHERE request_text_index MATCH '("machine learning" OR AI) AND python';`,
  either: "SELECT * FROM request_text_index WHERE request_text_index MATCH 'machine learning OR AI';",
  byRole: `SELECT * FROM request_text_index
WHERE role = 'user' AND request_text_index MATCH 'help';`,
  joined: `SELECT r.* FROM requests r
JOIN request_text_index fts ON r.request_id = fts.request_id
WHERE fts.model_original LIKE '%gpt-4%';`,
  patterns: `SELECT dialog_id, COUNT(*) as message_count,
       MIN(ts) as start_time, MAX(ts) as end_time,
       api_key_hash
FROM requests
WHERE dialog_id IS NOT NULL
GROUP BY dialog_id
HAVING message_count > 5
ORDER BY start_time DESC;`,
  modelUsage: `SELECT dialog_id, model_original, COUNT(*) as usage_count
FROM requests
WHERE dialog_id IS NOT NULL
GROUP BY dialog_id, model_original
ORDER BY dialog_id, usage_count DESC;`,
  slowest: `SELECT request_id, endpoint, model_original,
       latency_ms, status_code,
       datetime(ts, 'unixepoch') as timestamp
FROM requests
ORDER BY latency_ms DESC
LIMIT 10;`,
  errorRate: `SELECT model_original,
       COUNT(*) as total_requests,
       SUM(CASE WHEN status_code >= 400 THEN 1 ELSE 0 END) as errors,
       ROUND(100.0 * SUM(CASE WHEN status_code >= 400 THEN 1 ELSE 0 END) / COUNT(*), 2) as error_rate
FROM requests
GROUP BY model_original
ORDER BY error_rate DESC;`,
  severalPartitions: `ATTACH DATABASE 'logs/db/2025/09/ai_proxy_20250901.sqlite3' AS sept01;
ATTACH DATABASE 'logs/db/2025/09/ai_proxy_20250902.sqlite3' AS sept02;
SELECT COUNT(*) as total_requests,
       AVG(latency_ms) as avg_latency,
       MIN(ts) as earliest, MAX(ts) as latest
FROM (
    SELECT * FROM sept01.requests
    UNION ALL
    SELECT * FROM sept02.requests
);
DETACH DATABASE sept01;
DETACH DATABASE sept02;`,
}

const PLAN = `EXPLAIN QUERY PLAN
SELECT * FROM requests
WHERE ts BETWEEN strftime('%s', '2025-09-01') AND strftime('%s', '2025-09-07')
  AND model_original LIKE 'gpt-4%'
ORDER BY ts DESC;`

const SQLITE_SHELL = 'sqlite3'
const DAY = 'logs/db/2025/09/ai_proxy_20250901.sqlite3'

function sqlite3({ folder }: Workspace, sql: string, database = DAY): Record<string, unknown>[] {
  const text = execFileSync(SQLITE_SHELL, ['-json', database, sql], { cwd: folder, encoding: 'utf8' })
  return text.trim() === '' ? [] : JSON.parse(text)
}

async function filled(): Promise<Workspace> {
  const space = workspace()
  const questions = [
    'Explain machine learning in python',
    'AI with python, please help',
    'help',
    'what is AI',
    'more',
    'again',
    'last',
  ]
  const records = questions.map((question, index) => {
    const failed = index === 3
    return record({
      timestamp: timestampAt(index, '2025-09-01T10:00:00Z'),
      x_request_id: `q${index}`,
      dialog_id: 'dialog-1',
      model_original: index < 5 ? 'gpt-4o' : 'claude-sonnet',
      status_code: failed ? 502 : 200,
      latency_ms: 100 * (index + 1),
      request: chat(question),
      response: failed ? { error: { message: 'upstream failed' } } : completion(`answer ${index}`),
    })
  })
  space.write('requests-2025-09-01.r1.jsonl', jsonl(records))
  space.write(
    'requests-2025-09-02.r1.jsonl',
    jsonl([record({ timestamp: '2025-09-02T10:00:00.000001Z', latency_ms: 800 })]),
  )
  await space.ingest()
  return space
}

sqliteShellTest('every statement of the guide runs in plain sqlite3 and finds what it should', async () => {
  const space = await filled()
  const rows = Object.fromEntries(Object.entries(GUIDE).map(([name, sql]) => [name, sqlite3(space, sql)]))
  const contents = (name: string) => rows[name]?.map(({ content }) => content)
  expect(rows['progress']).toMatchObject([
    { source_path: expect.stringContaining('requests-2025-09-01'), sha256: null },
  ])
  expect(rows['tables']?.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['servers', 'ingest_sources', 'request_text_index']),
  )
  expect(rows['checkpoint']).toHaveLength(1)
  expect(rows['integrity']).toEqual([{ integrity_check: 'ok' }])
  expect(contents('naturalLanguage')).toEqual(['Explain machine learning in python'])
  expect(contents('boolean')).toEqual(['Explain machine learning in python', 'AI with python, please help'])
  expect(contents('either')).toHaveLength(3)
  expect(contents('byRole')).toEqual(['AI with python, please help', 'help'])
  expect(rows['joined']).toHaveLength(10)
  expect(Object.keys(rows['joined']?.[0] ?? {})).toHaveLength(12)
  expect(rows['patterns']).toEqual([
    {
      dialog_id: 'dialog-1',
      message_count: 7,
      start_time: 1756720800,
      end_time: 1756720806,
      api_key_hash: '0123456789abcdef',
    },
  ])
  expect(rows['modelUsage']).toEqual([
    { dialog_id: 'dialog-1', model_original: 'gpt-4o', usage_count: 5 },
    { dialog_id: 'dialog-1', model_original: 'claude-sonnet', usage_count: 2 },
  ])
  expect(rows['slowest']?.[0]).toMatchObject({
    latency_ms: 700,
    model_original: 'claude-sonnet',
    timestamp: '2025-09-01 10:00:06',
  })
  expect(rows['errorRate']).toEqual([
    { model_original: 'gpt-4o', total_requests: 5, errors: 1, error_rate: 20 },
    { model_original: 'claude-sonnet', total_requests: 2, errors: 0, error_rate: 0 },
  ])
  expect(rows['severalPartitions']).toEqual([
    { total_requests: 8, avg_latency: 450, earliest: 1756720800, latest: 1756807200 },
  ])
})

/** Runs scripts of SQL, one after the other, with Python's SQLite, and prints the rows of each as JSON. */
const IN_PYTHON = `
import json, sqlite3, sys
for script in json.load(sys.stdin):
    db = sqlite3.connect(sys.argv[1])
    db.row_factory = sqlite3.Row
    rows = [dict(row) for statement in script.split(";") for row in db.execute(statement)]
    print(json.dumps(rows))
    db.close()
`
const NOBODY = 65_534

/** What a checkpoint does, and the order and places of tables, is not the same in a file that was sealed. */
const { checkpoint: _, tables: __, allTables: ___, ...OF_ROWS } = GUIDE

pythonTest("Python's sqlite3 finds the same, also for a user who may only read sealed partitions", async () => {
  const space = await filled()
  const scripts = Object.values(OF_ROWS)
  const python = (options = {}) => {
    const input = JSON.stringify(scripts)
    const all = { cwd: space.folder, encoding: 'utf8', input, ...options } as const
    const lines = execFileSync('python3', ['-c', IN_PYTHON, DAY], all).trim().split('\n')
    return lines.map((line) => JSON.parse(line))
  }
  const expected = scripts.map((sql) => sqlite3(space, sql))
  expect(python()).toEqual(expected)
  expect(await space.run(['seal', '--to', '2025-09-30'])).toMatchObject({ exitCode: 0, stderr: '' })
  const folders = [space.folder, space.logs, space.db, ...space.partitions().map(dirname)]
  for (const path of space.partitions()) chmodSync(path, 0o444)
  for (const folder of folders.reverse()) chmodSync(folder, 0o555)
  const isRoot = process.getuid?.() === 0
  try {
    expect(python(isRoot ? { uid: NOBODY, gid: NOBODY } : {})).toEqual(expected)
  } finally {
    for (const folder of folders.reverse()) chmodSync(folder, 0o755)
  }
})

const COLUMNS = {
  servers: 'server_id hostname env first_seen_ts',
  requests:
    'request_id server_id ts endpoint model_original model_mapped status_code latency_ms api_key_hash request_json response_json dialog_id',
  ingest_sources: 'source_path sha256 bytes_ingested mtime last_scan_ts',
  request_text_index: 'request_id role content endpoint model_original model_mapped',
}
const INDEXES = ['ts', 'endpoint', 'status', 'model_orig', 'model_mapped', 'api'].map((name) => `idx_requests_${name}`)

sqliteShellTest('tables have the columns of the predecessor in its order, and its indexes', async () => {
  const space = await filled()
  for (const [table, columns] of Object.entries(COLUMNS)) {
    expect(sqlite3(space, `SELECT name FROM pragma_table_info('${table}')`).map(({ name }) => name)).toEqual(
      columns.split(' '),
    )
  }
  const indexes = sqlite3(space, "SELECT name FROM sqlite_master WHERE type = 'index'").map(({ name }) => name)
  expect(indexes).toEqual(expect.arrayContaining(INDEXES))
  const control = sqlite3(space, 'SELECT * FROM ingest_sources', 'logs/db/control.sqlite3')
  expect(control.map((row) => Object.keys(row).join(' '))).toEqual([COLUMNS.ingest_sources, COLUMNS.ingest_sources])
  expect(sqlite3(space, 'SELECT server_id FROM servers', 'logs/db/control.sqlite3')).toHaveLength(1)
})

sqliteShellTest('a request and its texts join on request_id', async () => {
  const space = await filled()
  const sql = `SELECT r.request_id, f.content FROM request_text_index f JOIN requests r ON r.request_id = f.request_id
    WHERE request_text_index MATCH 'machine'`
  expect(sqlite3(space, sql)).toEqual([
    { request_id: expect.stringMatching(/^[0-9a-f]{64}$/), content: 'Explain machine learning in python' },
  ])
})

sqliteShellTest('a range of time with a model prefix uses an index through the view', async () => {
  const space = await filled()
  const text = execFileSync(SQLITE_SHELL, [DAY, PLAN], { cwd: space.folder, encoding: 'utf8' })
  expect(text).toMatch(/SEARCH req USING INDEX idx_requests_ts \(ts>\? AND ts<\?\)/)
  expect(text).not.toMatch(/^[|`]--(SCAN|USE TEMP)/m)
  const figures =
    "EXPLAIN QUERY PLAN SELECT ts, model_original, latency_ms, status_code FROM requests WHERE ts > 1 AND model_original LIKE 'gpt-4%'"
  expect(execFileSync(SQLITE_SHELL, [DAY, figures], { cwd: space.folder, encoding: 'utf8' })).toContain(
    'USING COVERING INDEX idx_requests_ts',
  )
})

sqliteShellTest('plain sqlite3 reads the same bodies as better-sqlite3, and finds the text index sound', async () => {
  const space = await filled()
  const db = await openDatabase(space.partitions()[0] ?? '')
  const expected = db.prepare('SELECT request_id, request_json, response_json FROM requests ORDER BY request_id').all()
  db.close()
  expect(sqlite3(space, 'SELECT request_id, request_json, response_json FROM requests ORDER BY request_id')).toEqual(
    expected,
  )
  expect(sqlite3(space, "INSERT INTO request_text_index(request_text_index) VALUES ('integrity-check')")).toEqual([])
})

sqliteShellTest('a dialog can be assigned through the view, but what the client sent wins', async () => {
  const space = workspace()
  space.write(
    'requests-2025-09-01.jsonl',
    jsonl([
      record({ timestamp: '2025-09-01T10:00:00.000001Z', x_request_id: 'sent', dialog_id: 'mine' }),
      record({ timestamp: '2025-09-01T10:00:01.000001Z', x_request_id: 'none' }),
    ]),
  )
  await space.ingest()
  sqlite3(space, "UPDATE requests SET dialog_id = 'assigned'")
  expect(sqlite3(space, 'SELECT dialog_id FROM requests ORDER BY ts')).toEqual([
    { dialog_id: 'mine' },
    { dialog_id: 'assigned' },
  ])
})
