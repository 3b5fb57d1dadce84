import { expect } from 'vitest'
import type { LogRecord } from '../../../kit/log-record.ts'
import { jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { workspace } from '../../helpers/logdb/workspace.ts'

const SESSION = '0f6e1f5e-2b1c-4d6e-9f5a-1c2d3e4f5a6b'
const TRACE = '0af7651916cd43dd8448eb211c80319c'

/** Of an agent, in order; each hour has one. */
const turn = (index: number, fields: Partial<LogRecord>) =>
  record({
    timestamp: timestampAt(0, `2025-09-10T1${index}:00:00Z`),
    x_request_id: `turn-${index}`,
    dialog_id: SESSION,
    dialog_source: 'x-claude-code-session-id',
    ...fields,
  })

const RECORDS = [
  turn(0, {
    tokens_in: 1000,
    tokens_out: 50,
    tokens_cache_read: 0,
    tokens_cache_write_5m: 900,
    tokens_cache_write_1h: 60,
  }),
  turn(1, { tokens_in: 3000, tokens_out: 70, tokens_cache_read: 900, tokens_reasoning: 30, trace_id: TRACE }),
  record({ timestamp: '2025-09-11T10:00:00Z', x_request_id: 'other' }),
]

async function filled() {
  const space = workspace()
  space.write('requests-a.jsonl', jsonl(RECORDS))
  await space.ingest()
  return space
}

sqliteTest('show, list and query give the parts of the tokens, what named the dialog, and the trace', async () => {
  const { run } = await filled()
  const shown = (await run(['show', 'turn-1'])).stdout
  expect(shown).toContain('tokens   3000 in (900 from a cache), 70 out (30 reasoning)\n')
  expect(shown).toContain(`dialog   ${SESSION}  from x-claude-code-session-id\ntrace    ${TRACE}\n`)
  expect((await run(['show', 'turn-0'])).stdout).toContain('tokens   1000 in (960 written to a cache), 50 out\n')
  const [, listed] = JSON.parse((await run(['list', '--json'])).stdout).result
  expect(listed).toMatchObject({
    tokens_cache_read: 900,
    tokens_cache_write_5m: null,
    tokens_reasoning: 30,
    dialog_source: 'x-claude-code-session-id',
    trace_id: TRACE,
  })
  const sql = 'SELECT x_request_id, tokens_cache_write_1h, trace_id FROM request_details ORDER BY ts'
  const { stdout } = await run(['query', '--nl', sql])
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { x_request_id: 'turn-0', tokens_cache_write_1h: 60, trace_id: null },
    { x_request_id: 'turn-1', tokens_cache_write_1h: null, trace_id: TRACE },
    { x_request_id: 'other', tokens_cache_write_1h: null, trace_id: null },
  ])
})

sqliteTest('stats adds the parts up, from the requests and from the figures of hours alike', async () => {
  const { run } = await filled()
  const { total, days } = JSON.parse((await run(['stats', '--json'])).stdout).result
  const parts = {
    tokens_in: 4007,
    tokens_cache_read: 900,
    tokens_cache_write_5m: 900,
    tokens_cache_write_1h: 60,
    tokens_reasoning: 30,
    cache_rate: 900 / 4007,
  }
  expect(total).toMatchObject(parts)
  expect(days[0]).toMatchObject({ tokens_in: 4000, cache_rate: 0.225 })
  const byRequests = JSON.parse((await run(['stats', '--json', '--endpoint', '*'])).stdout).result.total
  expect(byRequests).toEqual(total)
  const { stdout } = await run(['stats', '--by', 'day'])
  expect(stdout).toContain('tokens 4,007 in (900 from caches, 22.5 %, 960 written to caches), 125 out (30 reasoning)')
  expect(stdout).toMatch(/^2025-09-10 .* 4,000 +22\.5 % +120 +30 /m)
})

sqliteTest('the session of an agent is a dialog, which assigning does not change', async () => {
  const { run, query } = await filled()
  const shown = await run(['dialog', SESSION])
  expect(shown.stdout.match(/^#\d/gm)).toEqual(['#1', '#2'])
  await run(['dialogs', 'assign', '--by', 'prefix'])
  const dialogs = await query(
    "SELECT DISTINCT dialog_id FROM requests WHERE request_id IN (SELECT request_id FROM z_req WHERE x_request_id LIKE 'turn%')",
  )
  expect(dialogs).toEqual([{ dialog_id: SESSION }])
})
