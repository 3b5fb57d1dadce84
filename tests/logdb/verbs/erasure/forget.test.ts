import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { forgetRequests } from '../../../../logdb/store/partition/erase.ts'
import { changePartition } from '../../../../logdb/store/partition/open-partition.ts'
import { loadSqlite } from '../../../../logdb/store/sqlite/open.ts'
import { chat, jsonl, record } from '../../../helpers/logdb/logs.ts'
import { makePredecessorDatabase } from '../../../helpers/logdb/predecessor-database.ts'
import { SECRETS, secretsIn, spaceWithSecrets } from '../../../helpers/logdb/secrets.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { digests, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

async function gatewayIds(space: Workspace): Promise<unknown[]> {
  const rows = await space.query<{ id: string }>('SELECT x_request_id AS id FROM request_details ORDER BY ts')
  return rows.map(({ id }) => id)
}

sqliteTest('a forgotten request is removed with every word that no other used, and shared words stay', async () => {
  const space = await spaceWithSecrets()
  expect(secretsIn(space)).toEqual(SECRETS)
  const others = await space.query("SELECT * FROM request_details WHERE x_request_id <> 'b'")
  const [path] = space.partitions()
  const { exitCode, stdout, stderr } = await space.run(['forget', '--request-id', 'b', '--yes'])
  expect([exitCode, stdout]).toEqual([0, `${path} forgotten=1\n`])
  expect(stderr).toBe(`the logs that they came from are not changed:\n${join(space.logs, 'requests-x.jsonl')}\n`)
  expect(secretsIn(space)).toEqual([])
  expect(await space.query('SELECT * FROM request_details')).toEqual(others)
  expect((await space.run(['search', 'zanzibar'])).stdout).toBe('')
  expect((await space.run(['search', '给巴'])).stdout).toBe('')
  expect((await space.run(['search', 'shared answer'])).stdout).toContain('shared answer')
  expect(await space.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }, { integrity_check: 'ok' }])
})

sqliteTest('reading the logs again does not bring it back, even without control.sqlite3', async () => {
  const space = await spaceWithSecrets()
  await space.run(['forget', '--request-id', 'b', '--yes'])
  await space.ingest()
  rmSync(join(space.db, 'control.sqlite3'))
  const report = await space.ingest()
  expect([report.rowsInserted, report.rowsDuplicate]).toEqual([0, 4])
  expect(await gatewayIds(space)).toEqual(['a', 'c', 'd'])
  expect(secretsIn(space)).toEqual([])
})

sqliteTest('requests are forgotten by key, by its name too, and by dialog', async () => {
  const forget = async (...args: string[]) => {
    const space = await spaceWithSecrets()
    expect((await space.run(['forget', ...args, '--yes'])).exitCode).toBe(0)
    return gatewayIds(space)
  }
  expect(await forget('--key', '0123456789abcdef')).toEqual(['d'])
  expect(await forget('--api-key-hash', 'fedcba9876543210')).toEqual(['a', 'b', 'c'])
  expect(await forget('--key', 'laptop')).toEqual(['a', 'c', 'd'])
  expect(await forget('--dialog', 'd1')).toEqual(['a', 'd'])
})

sqliteTest('a key or a dialog that no request has is an error, also in a dry run', async () => {
  const space = await spaceWithSecrets()
  for (const [option, id, what] of [
    ['--key', 'nobody', 'the key nobody'],
    ['--dialog', 'd0', 'the dialog d0'],
  ] as const) {
    for (const mode of ['--yes', '--dry-run']) {
      const { exitCode, stdout, stderr } = await space.run(['forget', option, id, mode])
      expect([exitCode, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(new RegExp(`^✖ No request has ${what}; nothing was changed\\.\nHint: .*REQUEST_NOT_FOUND`))
    }
  }
  expect(await gatewayIds(space)).toEqual(['a', 'b', 'c', 'd'])
})

sqliteTest('without --yes, and in a dry run, nothing is changed', async () => {
  const space = await spaceWithSecrets()
  const before = digests(space.partitions())
  const asked = await space.run(['forget', '--dialog', 'd1'])
  expect(asked).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      '✖ 2 requests would be removed permanently; nothing was changed.\nHint: run it again with --yes, or with --dry-run to see where. (CONFIRMATION_MISSING, exit code 2)\n',
  })
  const dry = await space.run(['forget', '--dialog', 'd1', '--dry-run', '--json'])
  expect(JSON.parse(dry.stdout)).toEqual({
    ok: true,
    verb: 'forget',
    dry_run: true,
    result: {
      partitions: [{ path: space.partitions()[0], forgotten: 2 }],
      logs: [join(space.logs, 'requests-x.jsonl')],
    },
    warnings: [],
  })
  expect(dry.stderr).toContain('nothing was changed')
  expect(digests(space.partitions())).toEqual(before)
})

sqliteTest('what to forget must be clear, and a single request must exist', async () => {
  const { run } = await spaceWithSecrets()
  for (const args of [[], ['--key', 'a', '--dialog', 'b']]) {
    const { exitCode, stderr } = await run(['forget', ...args, '--yes'])
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('give one of --request-id, --key and --dialog')])
  }
  const { exitCode, stderr } = await run(['forget', '--request-id', 'nothing', '--yes'])
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('There is no request or dialog nothing')])
})

sqliteTest('an erasure that was cut off is completed by the next one, even if that finds nothing', async () => {
  const space = await spaceWithSecrets()
  const [path = ''] = space.partitions()
  const [row] = await space.query<{ id: string }>(
    "SELECT request_id AS id FROM request_details WHERE x_request_id = 'b'",
  )
  changePartition(await loadSqlite(), path, (db) => forgetRequests(db, { requestId: row?.id ?? '' }))
  const cutOff = await space.run(['verify'])
  expect([cutOff.exitCode, cutOff.stderr]).toEqual([1, expect.stringContaining('run forget or retain again')])
  expect(await space.run(['forget', '--request-id', 'b', '--yes'])).toMatchObject({ exitCode: 1, stdout: '' })
  expect(secretsIn(space)).toEqual([])
  expect((await space.run(['verify', '--deep'])).exitCode).toBe(0)
})

sqliteTest('neither the copy of a killed seal nor the first bytes of an unreadable record keep the words', async () => {
  const space = workspace()
  const { request: _, ...rest } = record()
  const request = chat(`zanzibar ${'long '.repeat(1_000_000)}`)
  space.write('requests-x.jsonl', jsonl([{ request, ...rest }]))
  await space.ingest({ env: { LOGDB_MEMORY_CAP_MB: '64' } })
  expect(readFileSync(join(space.db, 'control.sqlite3')).includes('zanzibar')).toBe(true)
  await space.run(['errors', 'retry'])
  await space.ingest()
  const [path = ''] = space.partitions()
  copyFileSync(path, `${path}.part`)
  expect((await space.run(['forget', '--request-id', 'req-1', '--yes'])).exitCode).toBe(0)
  expect(secretsIn(space)).toEqual([])
  expect(existsSync(`${path}.part`)).toBe(false)
})

sqliteTest('unreadable records that may belong to the same requests are reported', async () => {
  const space = await spaceWithSecrets()
  expect((await space.run(['forget', '--request-id', 'a', '--yes'])).stderr).not.toContain('unreadable records')
  space.write('requests-y.jsonl', '{"request":"zanzibar\n')
  await space.ingest()
  expect((await space.run(['forget', '--request-id', 'b', '--yes'])).stderr).toContain(
    'the first bytes of 1 unreadable records are kept; their senders are not known. logdb errors shows them',
  )
})

sqliteTest('databases of the predecessor that also hold it are named', async () => {
  const space = await spaceWithSecrets()
  const [row] = await space.query<{ id: string }>(
    "SELECT request_id AS id FROM request_details WHERE x_request_id = 'b'",
  )
  const [old, other] = ['old', 'other'].map((name) => join(space.db, `${name}.sqlite3.predecessor`)) as [string, string]
  for (const [path, id] of [
    [old, row?.id ?? ''],
    [other, 'other'],
  ] as const) {
    makePredecessorDatabase(path, [[id, 's', 1, '/v1/x', null, null, null, null, null, '{}', '{}', null]])
  }
  const { stderr } = await space.run(['forget', '--request-id', 'b', '--yes'])
  expect(stderr).toContain(`${old} is a database of the predecessor. It still holds these requests.`)
  expect(stderr).not.toContain(other)
  const retained = await space.run(['retain', '--bodies', '2025-09-11', '--yes', '--json'])
  expect(JSON.parse(retained.stdout).warnings).toHaveLength(2)
})
