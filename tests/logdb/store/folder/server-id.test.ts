import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createServerId, readServerId } from '../../../../logdb/store/folder/server-id.ts'
import { jsonl, record } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { workspace } from '../../../helpers/logdb/workspace.ts'

const HOST = { hostname: 'host', env: 'dev' }
const NO_OVERRIDE = { LOGDB_SERVER_ID: '' }

test('an id is made once and stays', () => {
  const { db } = workspace()
  const id = createServerId(db, HOST)
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect([readServerId(db), createServerId(db, HOST), readdirSync(db)]).toEqual([id, id, ['.server_id']])
  expect(readFileSync(join(db, '.server_id'), 'utf8')).toBe(`${id}\n`)
})

test("where no id can be stored it is made from the host's name, as the predecessor does", () => {
  const { folder } = workspace()
  const base = join(folder, 'file')
  writeFileSync(base, '')
  expect(createServerId(base, HOST)).toBe('38bf4929-3463-5794-8c91-23d073e068b0')
})

sqliteTest('LOGDB_SERVER_ID beats the file, which beats a new id', async () => {
  const space = workspace()
  space.write('requests-a.jsonl', jsonl([record({ x_request_id: 'a' })]))
  mkdirSync(space.db)
  writeFileSync(join(space.db, '.server_id'), 'from-file\n')
  await space.ingest({ env: NO_OVERRIDE })
  space.write('requests-b.jsonl', jsonl([record({ x_request_id: 'b' })]))
  await space.ingest({ env: { LOGDB_SERVER_ID: 'from-env' } })
  expect(await space.query('SELECT server_id FROM requests ORDER BY server_id')).toEqual([
    { server_id: 'from-env' },
    { server_id: 'from-file' },
  ])
})

sqliteTest('rows whose id is lost are not written again under a new one', async () => {
  const space = workspace()
  space.write('requests-a.jsonl', jsonl([record()]))
  await space.ingest({ env: NO_OVERRIDE })
  const id = readServerId(space.db)
  rmSync(join(space.db, '.server_id'))
  rmSync(join(space.db, 'control.sqlite3'))
  const run = await space.run(['ingest'], NO_OVERRIDE)
  expect(run.exitCode).toBe(7)
  expect(run.stderr).toContain(`Hint: put it back: echo ${id} > ${space.db}/.server_id`)
})
