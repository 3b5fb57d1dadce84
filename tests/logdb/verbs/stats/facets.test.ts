import { expect } from 'vitest'
import { facets } from '../../../../logdb/verbs/stats/facets.ts'
import { jsonl, record, timestampAt } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { openDatabase, workspace } from '../../../helpers/logdb/workspace.ts'

/** Two days; the first request is an hour before the others of its day. */
function records() {
  return Array.from({ length: 12 }, (_, index) =>
    record({
      x_request_id: `r${index}`,
      timestamp: timestampAt(index, index < 6 ? '2025-09-10T12:00:00Z' : '2025-09-11T12:00:00Z'),
      ...(index === 0 && { timestamp: '2025-09-10T10:00:00Z', model_original: 'rare', provider: 'groq' }),
      ...(index % 4 === 0 && { api_key_hash: 'other', api_key_name: 'laptop' }),
    }),
  )
}

sqliteTest('facets are the values of all requests of the range, the most frequent first', async () => {
  const { write, ingest, db } = workspace()
  write('requests-x.jsonl', jsonl(records()))
  await ingest()
  expect(await facets({ out: db })).toEqual({
    model: [
      { value: 'gpt-4o', requests: 11 },
      { value: 'rare', requests: 1 },
    ],
    key: [
      { value: '0123456789abcdef', requests: 9 },
      { value: 'other', label: 'laptop', requests: 3 },
    ],
    provider: [
      { value: 'openrouter', requests: 11 },
      { value: 'groq', requests: 1 },
    ],
    endpoint: [{ value: '/v1/chat/completions', requests: 12 }],
    outcome: [{ value: 'ok', requests: 12 }],
    status: [{ value: '200', requests: 12 }],
  })
  const { model } = await facets({ out: db, since: '2025-09-10T12:00:00Z', to: '2025-09-10' })
  expect(model).toEqual([{ value: 'gpt-4o', requests: 5 }])
})

sqliteTest('facets of a key are those of its requests only, by its hash or its name', async () => {
  const { write, ingest, db } = workspace()
  write('requests-x.jsonl', jsonl(records()))
  await ingest()
  const own = await facets({ out: db, key: 'other' })
  expect(own.model).toEqual([
    { value: 'gpt-4o', requests: 2 },
    { value: 'rare', requests: 1 },
  ])
  expect(own.key).toEqual([{ value: 'other', label: 'laptop', requests: 3 }])
  expect(await facets({ out: db, key: 'laptop' })).toEqual(own)
})

sqliteTest('facets count an hour that was changed a moment ago, and read no request of the others', async () => {
  const { write, ingest, db, partitions } = workspace()
  write('requests-x.jsonl', jsonl(records()))
  await ingest()
  const before = await facets({ out: db })
  const [first = ''] = partitions()
  const database = await openDatabase(first)
  database.exec(`INSERT INTO z_rollup_stale SELECT DISTINCT ts / 3600 FROM z_req WHERE model_original <> 'rare'`)
  database.exec(`UPDATE z_rollup SET name = 'known of the hour' WHERE dimension = 'model' AND name = 'rare'`)
  database.close()
  const after = await facets({ out: db })
  expect(after).toEqual({ ...before, model: [before.model[0], { value: 'known of the hour', requests: 1 }] })
})
