import { expect } from 'vitest'
import { openWritablePartition } from '../../../../logdb/store/partition/open-partition.ts'
import { loadSqlite } from '../../../../logdb/store/sqlite/open.ts'
import { INNER_TABLES, INNER_VIEWS, PASSING_TABLES } from '../../../../logdb/store/tables/inner-names.ts'
import { jsonl, record } from '../../../helpers/logdb/logs.ts'
import { makeOlder } from '../../../helpers/logdb/older-partition.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { openDatabase, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

const PREFIXED = 15
/** Of a day with a text index, in the order in which tools list them. */
const FOR_PEOPLE = [
  'fts_src',
  'ingest_sources',
  'message',
  'request_details',
  'request_text_index',
  'request_text_pairs',
  'requests',
  'servers',
]
/** SQLite names these after their index. */
const OF_INDEX = /^request_text_\w+_(config|content|data|docsize|idx)$/

async function filled(days = 1): Promise<Workspace> {
  const space = workspace()
  const records = Array.from({ length: days }, (_, index) => {
    return record({ x_request_id: `r${index}`, timestamp: `2025-09-1${index}T10:00:00Z` })
  })
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest()
  return space
}

async function inFile<T>(path: string, sql: string): Promise<T[]> {
  const db = await openDatabase(path)
  try {
    return db.prepare(sql).pluck().all() as T[]
  } finally {
    db.close()
  }
}

async function change(path: string, sql: string): Promise<void> {
  const db = await openDatabase(path)
  db.exec(sql)
  db.close()
}

const NAMES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
/** SQLite puts quotes around a new name of a table. The text index is made with its own state, which is never compared. */
const TEXTS = `
  SELECT name || char(10) || sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'z_fts_state' ORDER BY name`

sqliteTest('what people use comes first in the list of tables and views, in live and sealed days', async () => {
  const space = await filled(2)
  await space.run(['seal', '--to', '2025-09-10'])
  for (const path of space.partitions()) {
    const names = (await inFile<string>(path, NAMES)).filter((name) => !OF_INDEX.test(name))
    expect(names.slice(0, FOR_PEOPLE.length)).toEqual(FOR_PEOPLE)
    expect(names.slice(FOR_PEOPLE.length).filter((name) => !name.startsWith('z_'))).toEqual([])
  }
})

sqliteTest('a partition of an earlier version gets the tables, views, indexes and triggers of a new one', async () => {
  const space = await filled()
  const [path = ''] = space.partitions()
  for (const last of [PREFIXED - 1, 13, 9, 7, 1]) {
    const before = { texts: await inFile(path, TEXTS), requests: await space.query('SELECT * FROM request_details') }
    await makeOlder(path, last)
    expect(await inFile(path, NAMES)).not.toContain('z_req')
    openWritablePartition(await loadSqlite(), path).close()
    expect({
      texts: await inFile(path, TEXTS),
      requests: await space.query('SELECT * FROM request_details'),
    }).toEqual(before)
  }
})

sqliteTest('what a partition notes of its state, and views of others, are there after new names', async () => {
  const space = await filled()
  const [path = ''] = space.partitions()
  await makeOlder(path, PREFIXED - 1)
  await change(path, 'CREATE VIEW mine AS SELECT request_id FROM requests; CREATE TABLE unfinished_erasure (x)')
  openWritablePartition(await loadSqlite(), path).close()
  expect(await inFile(path, 'SELECT count(*) FROM mine')).toEqual([1])
  expect((await space.run(['verify'])).stderr).toContain('deleted bytes may remain')
  expect((await space.run(['forget', '--request-id', 'r0', '--yes'])).exitCode).toBe(0)
  expect(await inFile(path, NAMES)).not.toContain('z_unfinished_erasure')
})

sqliteTest('query takes the names that inner tables had before, over one day of any version', async () => {
  for (const last of [2, 8, 12, PREFIXED - 1, PREFIXED]) {
    const space = await filled()
    if (last < PREFIXED) await makeOlder(space.partitions()[0] ?? '', last)
    for (const name of ['req', 'msg', 'node', 'conv', 'msg_first'].flatMap((name) => [name, `z_${name}`])) {
      const { stdout } = await space.run(['query', '--csv', `SELECT count(*) > 0 AS n FROM ${name}`])
      expect([last, name, stdout]).toEqual([last, name, 'n\n1\n'])
    }
  }
})

sqliteTest('over several days each inner name, new and old, is an error with a hint', async () => {
  const space = await filled(2)
  for (const name of [...INNER_TABLES, ...INNER_VIEWS, ...PASSING_TABLES].flatMap((name) => [name, `z_${name}`])) {
    const { exitCode, stdout, stderr } = await space.run(['query', `SELECT * FROM ${name}`])
    expect([name, exitCode, stdout]).toEqual([name, 2, ''])
    expect(stderr).toContain('choose one day')
  }
})
