import { join } from 'node:path'
import { expect } from 'vitest'
import { chat, jsonl, record } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { workspace } from '../../../helpers/logdb/workspace.ts'

/** A record of 5 MB, which is too long when ingest may take 64 MiB only. */
const long = () => jsonl([record({ x_request_id: 'long', request: chat('long '.repeat(1_000_000)) })])
const SMALL = { LOGDB_MEMORY_CAP_MB: '64' }

sqliteTest('errors lists what could not be read, with place and reason', async () => {
  const space = workspace()
  const good = jsonl([record()])
  const path = space.write(
    'requests-\u001b1.jsonl',
    `${good}{"v":3,"endpoint":"/v1/x","request":1,"response":\u001b1}\n`,
  )
  await space.ingest()
  const { exitCode, stdout, stderr } = await space.run(['errors'])
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout).toBe(
    `1  ${path.replace('\u001b', ' ')} at byte ${good.length} (53 bytes): expected a value at byte 49\n    {"v":3,"endpoint":"/v1/x","request":1,"response": 1} \n`,
  )
  const { result } = JSON.parse((await space.run(['errors', 'list', '--json'])).stdout)
  expect(result).toEqual([
    {
      id: 1,
      path,
      offset: good.length,
      length: 53,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      reason: 'expected a value at byte 49',
      head: expect.stringContaining('{"v":3'),
      seen_ts: expect.any(Number),
    },
  ])
})

sqliteTest(
  'a record that was too long is stored after a retry and more memory, and the ledger adds up all the time',
  async () => {
    const space = workspace()
    space.write('requests-1.jsonl', `oops\n${long()}${jsonl([record()])}`)
    expect(await space.ingest({ env: SMALL })).toMatchObject({ rowsInserted: 1, recordsQuarantined: 2 })
    const listed = (await space.run(['errors'])).stdout
    expect(listed).toContain('record is longer than 4 MiB, the limit that LOGDB_MEMORY_CAP_MB sets')
    expect(await space.run(['errors', 'retry'])).toMatchObject({ exitCode: 0, stdout: 'released=2\n' })
    expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
    expect(await space.run(['errors'])).toMatchObject({ stdout: '' })
    expect(await space.ingest()).toMatchObject({ rowsInserted: 1, recordsQuarantined: 1 })
    expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
    expect((await space.run(['errors'])).stdout).toContain('requests-1.jsonl at byte 0 (5 bytes)')
    expect(await space.query('SELECT x_request_id AS id FROM z_req req ORDER BY req.id')).toEqual([
      { id: 'req-1' },
      { id: 'long' },
    ])
  },
)

sqliteTest('only the named errors are given back', async () => {
  const space = workspace()
  space.write('requests-1.jsonl', 'one\ntwo\nthree\n')
  await space.ingest()
  expect(await space.run(['errors', 'retry', '1', '3', '99'])).toMatchObject({ stdout: 'released=2\n' })
  expect((await space.run(['errors'])).stdout).toContain(
    `2  ${join(space.logs, 'requests-1.jsonl')} at byte 4 (4 bytes)`,
  )
  expect((await space.run(['errors', 'retry', 'x'])).exitCode).toBe(2)
  expect(await workspace().run(['errors', 'retry'])).toMatchObject({ exitCode: 0, stdout: 'released=0\n' })
})
