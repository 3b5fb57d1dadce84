import { expect } from 'vitest'
import type { RequestConditions } from '../../../../logdb/store/search/request-filter.ts'
import { type ListOptions, listRequests } from '../../../../logdb/verbs/list/list.ts'
import { jsonl, record, timestampAt } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { workspace } from '../../../helpers/logdb/workspace.ts'

const REQUESTS = 9000
const LIMIT = 400
const STEP_US = 200_000

/** A filter, and the same in SQL: values of most requests, of some, of a few early ones, and of none. */
const FILTERS: [RequestConditions & Pick<ListOptions, 'to'>, string][] = [
  [{ model: 'often' }, "model_original = 'often'"],
  [{ model: 'rare' }, "model_original = 'rare'"],
  [{ status: { from: 500, to: 599 } }, 'status_code BETWEEN 500 AND 599'],
  [{ key: 'early' }, "api_key_name = 'early'"],
  [{ key: 'nobody' }, '0'],
  [{ hasError: true, to: '2025-09-10T12:20:00Z' }, "status_code >= 400 AND timestamp <= '2025-09-10T12:20:00.999999Z'"],
]

sqliteTest('every filter gives the same pages as SQL over all requests, however many requests it leaves', async () => {
  const space = workspace()
  const records = Array.from({ length: REQUESTS }, (_, index) =>
    record({
      // Out of order: rows are written as the log has them.
      timestamp: timestampAt((index * 7) % REQUESTS, '2025-09-10T12:00:00Z', STEP_US),
      x_request_id: `r${index}`,
      model_original: index % 700 === 0 ? 'rare' : 'often',
      status_code: index % 50 === 0 ? 503 : 200,
      ...((index * 7) % REQUESTS < 100 && { api_key_name: 'early' }),
    }),
  )
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest()
  for (const [filter, condition] of FILTERS) {
    const sql = `SELECT request_id AS id FROM request_details WHERE ${condition} ORDER BY ts_us DESC`
    const asked = { ...filter, out: space.db, limit: LIMIT }
    const pages = [await listRequests(asked)]
    for (let next = pages[0]?.next; next; next = pages.at(-1)?.next) {
      pages.push(await listRequests({ ...asked, before: next }))
    }
    const listed = pages.flatMap(({ requests }) => requests.map(({ requestId }) => requestId))
    const expected = (await space.query<{ id: string }>(sql)).map(({ id }) => id)
    expect([condition, listed]).toEqual([condition, expected])
  }
})
