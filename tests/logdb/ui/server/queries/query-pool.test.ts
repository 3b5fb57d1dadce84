import { join } from 'node:path'
import { expect } from 'vitest'
import { jsonl, record } from '../../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../../helpers/logdb/sqlite-test.ts'
import { workspace } from '../../../../helpers/logdb/workspace.ts'
import { compiledPackage } from '../../../../helpers/process/compiled-package.ts'

type Pool = typeof import('../../../../../logdb/ui/server/queries/query-pool.ts')

/** Only compiled code has threads. */
const MODULE = join(compiledPackage(), 'dist/logdb/ui/server/queries/query-pool.js')

sqliteTest('questions are answered in threads, several at once, and errors keep their code', async () => {
  const space = workspace()
  space.write('requests-x.jsonl', jsonl([record({ x_request_id: 'a' }), record({ x_request_id: 'b' })]))
  await space.ingest()
  const { QueryPool } = (await import(MODULE)) as Pool
  const pool = new QueryPool(20_000)
  const lists = await Promise.all(Array.from({ length: 5 }, () => pool.ask('list', { out: space.db, limit: 9 })))
  expect(lists.map(({ requests }) => requests.length)).toEqual([2, 2, 2, 2, 2])
  const wrong = pool.ask('request', { out: space.db, id: 'none', key: undefined })
  await expect(wrong).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND', hint: expect.any(String) })
  expect(await pool.ask('request', { out: space.db, id: 'a', key: undefined })).toMatchObject({
    requestId: expect.any(String),
  })
  await pool.close()
})

sqliteTest('a question that takes too long is given up, and the next one gets a new thread', async () => {
  const { db } = workspace()
  const { QueryPool } = (await import(MODULE)) as Pool
  const pool = new QueryPool(1)
  for (let attempt = 0; attempt < 3; attempt++) {
    // No thread starts within a millisecond.
    await expect(pool.ask('list', { out: db, limit: 9 })).rejects.toMatchObject({ status: 503 })
  }
  await pool.close()
})
