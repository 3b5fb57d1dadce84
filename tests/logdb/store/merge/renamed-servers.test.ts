import { expect } from 'vitest'
import { withSource } from '../../../../logdb/store/merge/copy-rows.ts'
import { nameRequests } from '../../../../logdb/store/merge/renamed-servers.ts'
import { loadSqlite } from '../../../../logdb/store/sqlite/open.ts'
import { jsonl, record } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { workspace } from '../../../helpers/logdb/workspace.ts'

/** Each of these is asked once for every request. */
const QUESTIONS = [
  'SELECT n.id FROM temp.named n WHERE NOT EXISTS (SELECT 1 FROM main.z_req d WHERE d.request_id = n.request_id)',
  'SELECT id FROM main.z_req WHERE request_id IN (SELECT n.request_id FROM temp.named n)',
  'SELECT n.id FROM temp.named n JOIN main.request_details d ON d.request_id = n.request_id',
]

sqliteTest('the requests of another partition are found here by the index of their ids', async () => {
  const { write, ingest, partitions } = workspace()
  write('requests-2025-09-10.jsonl', jsonl([record()]))
  await ingest()
  const [path = ''] = partitions()
  using db = (await loadSqlite()).openReadonly(path)
  const plans = withSource(db, path, () => {
    nameRequests(db, new Map())
    return QUESTIONS.map((sql) => db.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all())
  })
  for (const plan of plans) {
    const steps = plan.map(({ detail }) => detail).filter((detail) => / req( |$)/.test(detail))
    expect(steps).toEqual(['SEARCH req USING INDEX req_by_request_id (<expr>=?)'])
  }
})
