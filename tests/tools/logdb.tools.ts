import { join } from 'node:path'
import { expect } from 'vitest'
import { chat, completion, jsonl, record, timestampAt } from '../helpers/logdb/logs.ts'
import { hasSqlite } from '../helpers/logdb/sqlite-test.ts'
import { openDatabase, type Workspace, workspace } from '../helpers/logdb/workspace.ts'
import { needing } from '../helpers/needs.ts'
import { pythonWithTools, readWith } from './python-tools.ts'

const python = hasSqlite ? pythonWithTools() : undefined
const toolsTest = needing(
  'better-sqlite3, or DuckDB, pandas, datasette and sqlite-utils from PyPI',
  python !== undefined,
)
const TEXT = 'a "quoted", text\nof two lines, 编程语言 😀 \u2028'

/** A sealed day and one that is still written to, with erased requests. */
async function filled(): Promise<Workspace> {
  const space = workspace()
  const records = Array.from({ length: 20 }, (_, index) => {
    return record({
      timestamp: timestampAt(index, '2025-09-15T23:50:00Z', 60_000_001),
      x_request_id: `${index}`,
      request: chat(`${TEXT} ${index}`),
      response: completion(`answer ${index}`),
      ...(index % 2 === 0 ? { latency_ms: 0.1 + index } : { api_key_hash: null, stream: true }),
    })
  })
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest()
  const [first] = await space.query<{ id: string }>('SELECT request_id AS id FROM requests')
  await space.run(['forget', '--request-id', first?.id ?? '', '--yes'])
  await space.run(['seal', '--to', '2025-09-15'])
  return space
}

toolsTest('DuckDB, sqlite-utils, pandas and datasette can list every table of every day', async () => {
  const { partitions } = await filled()
  expect(partitions()).toHaveLength(2)
  for (const path of partitions()) {
    const db = await openDatabase(path)
    const names = db.prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").pluck().all() as string[]
    const counts = Object.fromEntries(
      names.map((name) => [name, db.prepare(`SELECT count(*) FROM "${name}"`).pluck().get()]),
    )
    db.close()
    expect(counts).toMatchObject({
      requests: expect.any(Number),
      request_text_index: expect.any(Number),
      request_text_pairs: expect.any(Number),
    })
    expect(readWith(python ?? '', 'read_partition.py', path)).toEqual({
      duckdb: counts,
      'sqlite-utils': counts,
      pandas: counts,
      datasette: counts,
    })
  }
})

const ORDER = {
  requests: 'ts_us',
  messages: 'ts, request_id, part, position',
  texts: 'ts, content',
  erased: 'request_id',
}

type Row = Record<string, unknown>

for (const format of ['parquet', 'jsonl', 'csv']) {
  toolsTest(`DuckDB and pandas read from ${format} what the database has`, async () => {
    const space = await filled()
    const { exitCode, stderr } = await space.run(['export', '--format', format, '--table', 'requests,messages,texts'])
    expect([exitCode, stderr]).toEqual([0, ''])
    const found = (table: keyof typeof ORDER) => {
      const folder = join(space.logs, 'export', table)
      return readWith(python ?? '', 'read_export.py', folder, format, ORDER[table]) as Record<
        'duckdb' | 'pandas',
        Row[]
      >
    }
    const stored = await space.query<Row>('SELECT * FROM request_details ORDER BY ts_us')
    const requests = found('requests')
    expect(requests.duckdb.map(comparable)).toEqual(stored.map(comparable))
    expect(requests.pandas.map(comparable)).toEqual(stored.map(comparable))
    const texts = await space.query<Row>('SELECT content FROM request_text_index')
    for (const rows of Object.values(found('texts'))) {
      expect(rows.map(({ content }) => content).sort()).toEqual(texts.map(({ content }) => content).sort())
    }
    const messages = found('messages')
    expect([messages.duckdb.length, messages.pandas.length]).toEqual([38, 38])
    expect(found('erased').duckdb).toEqual(await space.query('SELECT request_id, forgotten_ts FROM z_forgotten'))
  })
}

/** Tools read a text that looks like a time as a time, and a number as a number, unless the format says what it is. */
function comparable({ timestamp: _, x_request_id, ...row }: Row): Row {
  return { ...row, x_request_id: Number(x_request_id), release: String(row['release']) }
}
