import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { expect } from 'vitest'
import { chat, jsonl, predecessorBlock, predecessorEvent, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { openDatabase, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const RECORDS = 60
const PART = `part 7${' and more'.repeat(10)}`

async function stored(): Promise<Workspace & { partition: string }> {
  const space = workspace()
  const turns = Array.from({ length: RECORDS }, (_, turn) => {
    const history = Array.from({ length: turn % 6 }, (_, index) => ({ role: 'user', content: `turn ${index}` }))
    return record({ x_request_id: `x${turn}`, timestamp: timestampAt(turn), request: chat(`turn ${turn}`, history) })
  })
  const parts = { role: 'assistant', content: [{ type: 'text', text: PART }] }
  turns.push(record({ timestamp: timestampAt(RECORDS), request: chat('ZEBRA 编程语言', [parts]) }))
  space.write('requests-1.jsonl', jsonl(turns))
  space.write('v1.log', predecessorBlock(predecessorEvent()))
  await space.ingest()
  return { ...space, partition: space.partitions()[0] ?? '' }
}

async function tamper(path: string, sql: string): Promise<void> {
  const db = await openDatabase(path)
  db.exec(sql)
  db.close()
}

sqliteTest('a whole partition is whole, and its ids follow from what is stored', async () => {
  const { run, partition } = await stored()
  expect(await run(['verify'])).toEqual({ exitCode: 0, stdout: `${partition} rows=62 unindexed=0 ok\n`, stderr: '' })
  expect(await run(['verify', '--deep'])).toEqual({
    exitCode: 0,
    stdout: `${partition} rows=62 unindexed=0 proven=62 removed=0 converted=0 ok\n`,
    stderr: '',
  })
  expect(JSON.parse((await run(['verify', '--json', '--since', '2025-09-10'])).stdout)).toEqual({
    ok: true,
    verb: 'verify',
    result: [{ path: partition, rows: 62, unindexed: 0, problems: [] }],
    warnings: [],
  })
  expect(await run(['verify', '--since', '2025-09-11'])).toEqual({ exitCode: 0, stdout: '', stderr: '' })
})

sqliteTest('removed bodies are counted apart', async () => {
  const { run, partition } = await stored()
  await run(['retain', '--bodies', '2025-09-11', '--yes'])
  const { exitCode, stdout } = await run(['verify', '--deep'])
  expect([exitCode, stdout]).toEqual([0, `${partition} rows=62 unindexed=0 proven=0 removed=62 converted=0 ok\n`])
})

/** Changes bytes of the file. */
const swap = (from: string, to: string) => (path: string) => {
  const bytes = readFileSync(path)
  const at = bytes.indexOf(from)
  if (at < 0) throw new Error(`${from} is not there`)
  bytes.write(to, at)
  writeFileSync(path, bytes)
}

const CHANGES: [change: string | ((path: string) => void), isDeep: boolean, problem: RegExp][] = [
  [`UPDATE z_msg_row SET text = replace(text, 'turn 5', 'turn X')`, true, /message \d+ does not match its hash/],
  [
    `UPDATE z_req_frame SET tail = replace(tail, 'gpt-4o', 'gpt-5') WHERE id = 1`,
    true,
    /request [0-9a-f]{64} is not what was logged/,
  ],
  [`UPDATE z_req_row SET ts = ts + 1 WHERE id = 2`, true, /request [0-9a-f]{64} is not what was logged/],
  [
    `UPDATE z_conv SET h = randomblob(16) WHERE tip = (SELECT max(tip) FROM z_conv)`,
    true,
    /1 conversation with a hash that does not match/,
  ],
  [
    `UPDATE z_conv SET conv_root = tip WHERE conv_root <> tip`,
    true,
    /conversations? whose root does not match the messages/,
  ],
  [`UPDATE z_req_row SET us = us + 1 WHERE id = 2`, true, /request [0-9a-f]{64} is not what was logged/],
  [`UPDATE z_req_kind SET model_mapped = 'other' WHERE id = 1`, true, /request_text_index does not match the messages/],
  [`DELETE FROM z_msg_first WHERE msg = 3`, true, /request_text_index does not match the messages: logdb fts drop/],
  [
    `INSERT INTO z_msg_text SELECT msg, 'user', 'part 8' FROM z_msg_first LIMIT 1`,
    true,
    /request_text_index does not match/,
  ],
  [
    `DELETE FROM z_msg_first WHERE msg = (SELECT text FROM z_msg_form LIMIT 1)`,
    false,
    /1 missing text of other messages/,
  ],
  [`UPDATE z_msg_piece SET start = start + 1`, true, /message \d+ does not match its hash/],
  [`DELETE FROM z_msg_row WHERE id = (SELECT msg FROM z_msg_piece LIMIT 1)`, false, /missing pieces? of messages/],
  [swap('zebra', 'zebrb'), true, /request_text_index does not match/],
  [swap('0程语', '0程请'), true, /request_text_pairs does not match/],
  [`UPDATE z_req_row SET timestamp = NULL WHERE id = 2`, false, /1 request of a log without a time stamp/],
  [`UPDATE z_fts_state SET indexed_to = 99999`, false, /the text index takes missing messages for known/],
  [`UPDATE z_node SET depth = 7 WHERE id = 3`, false, /conversations? whose length does not match the beginning/],
  [
    `DELETE FROM z_msg_row WHERE id = (SELECT resp_msg FROM z_req LIMIT 1)`,
    false,
    /62 requests whose answer is missing/,
  ],
  [
    `DELETE FROM z_node WHERE id = (SELECT tip FROM z_req WHERE id = 60)`,
    false,
    /requests? whose conversation is missing/,
  ],
  [
    `UPDATE z_rollup SET tokens_in = tokens_in + 1 WHERE dimension = 'model'`,
    false,
    /1 hour whose figures do not match/,
  ],
  [`UPDATE z_req_row SET latency_us = 99000 WHERE id = 3`, false, /1 hour whose figures do not match the requests/],
  [`DELETE FROM z_req_kind WHERE id = 1`, false, /requests? whose shared part is missing/],
  [`DELETE FROM z_req_frame WHERE id = 1`, false, /requests? whose shared part is missing/],
  [
    `UPDATE z_req_row SET ts = ts + 1, timestamp = (SELECT timestamp FROM z_req WHERE id = 2) WHERE id = 2`,
    true,
    /has another time than its time stamp/,
  ],
  [`DELETE FROM z_rollup`, false, /1 hour whose figures do not match the requests/],
  [
    `DELETE FROM z_conv WHERE tip = (SELECT tip FROM z_req WHERE id = 60)`,
    false,
    /unknown conversations? that a request sent/,
  ],
]

sqliteTest('every change by hand is found', async () => {
  for (const [change, isDeep, problem] of CHANGES) {
    const { run, partition } = await stored()
    if (typeof change === 'string') await tamper(partition, change)
    else change(partition)
    const { exitCode, stdout, stderr } = await run(isDeep ? ['verify', '--deep'] : ['verify'])
    expect([change, exitCode, stdout, stderr]).toEqual([
      change,
      1,
      expect.stringMatching(/ fail\n$/),
      expect.stringMatching(problem),
    ])
    if (isDeep) expect([change, (await run(['verify'])).exitCode]).toEqual([change, 0])
  }
})

sqliteTest('damaged and foreign files are problems, and the other partitions are still checked', async () => {
  const { run, partition, write, ingest } = await stored()
  write('requests-2.jsonl', jsonl([record({ timestamp: '2025-09-11T00:00:00Z' })]))
  await ingest()
  const file = openSync(partition, 'r+')
  const middle = Math.floor(statSync(partition).size / 2)
  for (let at = middle; at < middle + 100_000; at += 1000) writeSync(file, 'garbage', at)
  closeSync(file)
  const { exitCode, stdout } = await run(['verify'])
  expect(exitCode).toBe(1)
  expect(stdout.split('\n').map((line) => line.split(' ').at(-1))).toEqual(['fail', 'ok', ''])
  await tamper(partition.replace('0910', '0912'), 'CREATE TABLE requests (request_id TEXT PRIMARY KEY)')
  const checked = await run(['verify', '--json'])
  expect(checked).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('(VERIFY_FAILED, exit code 1)\n') })
  const { ok, error, result } = JSON.parse(checked.stdout)
  expect([ok, error.code]).toEqual([false, 'VERIFY_FAILED'])
  expect(result.map(({ problems }: { problems: string[] }) => problems.length > 0)).toEqual([true, false, true])
  expect((await run(['verify'])).stderr).toContain('was not made by this logdb')
})
