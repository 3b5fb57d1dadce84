import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect } from 'vitest'
import { filterAdded } from '../../../logdb/ingest/added-filters.ts'
import { Passes } from '../../../logdb/ingest/passes.ts'
import { emptyReport } from '../../../logdb/ingest/report.ts'
import { readSettings } from '../../../logdb/settings.ts'
import { jsonl, record } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { openDatabase, SERVER_ID, workspace } from '../../helpers/logdb/workspace.ts'

const LARGE_BYTES = 128 * 1024 * 1024
const TODAY = new Date().toISOString()

async function filtered(): Promise<ReturnType<typeof workspace>> {
  const space = workspace()
  space.write('requests-1.jsonl', jsonl([record(), record({ timestamp: '2025-09-11T10:00:00.000001Z' })]))
  space.write('requests-2.jsonl', jsonl([record({ timestamp: TODAY })]))
  await space.ingest()
  return space
}

sqliteTest('a large run makes filters of the days that it has added and that are over', async () => {
  const space = await filtered()
  const [first = '', , today = ''] = space.partitions()
  await filterAdded(space.db, {}, { bytesRead: LARGE_BYTES, added: new Set([first, today]) })
  const filters = await openDatabase(join(space.db, 'word-filters.db'))
  const paths = filters.prepare('SELECT path FROM filter').all()
  filters.close()
  expect(paths).toEqual([{ path: relative(space.db, first) }])
})

sqliteTest('a small run makes none', async () => {
  const space = await filtered()
  await filterAdded(space.db, {}, { bytesRead: LARGE_BYTES - 1, added: new Set(space.partitions()) })
  expect(existsSync(join(space.db, 'word-filters.db'))).toBe(false)
})

sqliteTest('a run knows which partitions it has added', async () => {
  const space = await filtered()
  space.write(
    'requests-3.jsonl',
    jsonl([record({ x_request_id: 'late' }), record({ timestamp: '2025-09-12T10:00:00Z' })]),
  )
  const passes = await Passes.create({
    from: space.logs,
    out: space.db,
    settings: readSettings({ LOGDB_SERVER_ID: SERVER_ID }),
  })
  await passes.run(emptyReport())
  passes.close()
  const added = [...passes.added].map((path) => relative(space.db, path))
  expect(added).toEqual(['2025/09/ai_proxy_20250912.sqlite3'])
})
