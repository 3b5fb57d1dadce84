import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { digests } from '../helpers/digests.ts'
import { chat, completion, jsonl, record, timestampAt } from '../helpers/logs.ts'
import { sqliteTest } from '../helpers/needs.ts'
import { type Workspace, workspace } from '../helpers/workspace.ts'

const HISTORY = [
  { role: 'user', content: 'shared question' },
  { role: 'assistant', content: 'shared answer' },
]

/** Two days; the secret is in the last message of one request, in its answer and in texts beside its conversation. */
async function filled(): Promise<Workspace> {
  const space = workspace()
  const tools = { role: 'assistant', content: 'zanzibar choice' }
  space.write(
    'requests-x.jsonl',
    jsonl([
      record({
        timestamp: timestampAt(0),
        x_request_id: 'a',
        request: chat('shared question'),
        response: completion('shared answer'),
      }),
      record({
        timestamp: timestampAt(1),
        x_request_id: 'b',
        request: { ...chat('zanzibar question 桑给巴尔岛', HISTORY), system: 'zanzibar system', user: 'zanzibar' },
        response: { choices: [completion('zanzibar answer').choices[0], { index: 1, message: tools }] },
        api_key_name: 'laptop',
        dialog_id: 'd1',
      }),
      record({ timestamp: timestampAt(2), x_request_id: 'c', request: chat('last', HISTORY), dialog_id: 'd1' }),
      record({
        timestamp: timestampAt(0, '2025-09-11T10:00:00Z'),
        x_request_id: 'd',
        api_key_hash: 'fedcba9876543210',
      }),
    ]),
  )
  await space.ingest()
  return space
}

const SECRETS = ['zanzibar', '桑给巴尔岛', '给巴']

/** How many bytes of the databases hold one of the secrets; in the text index words are stored without what they share. */
function secretsIn({ db, partitions }: Workspace): string[] {
  const files = [...partitions(), join(db, 'control.sqlite3')].map((path) => readFileSync(path))
  return SECRETS.filter((secret) => files.some((bytes) => bytes.includes(secret)))
}

async function gatewayIds(space: Workspace): Promise<unknown[]> {
  const rows = await space.query<{ id: string }>('SELECT x_request_id AS id FROM request_details ORDER BY ts')
  return rows.map(({ id }) => id)
}

sqliteTest('a forgotten request is gone with every word that no other used, and what is shared stays', async () => {
  const space = await filled()
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

sqliteTest('reading the logs again does not bring it back, even if how far they were read is lost', async () => {
  const space = await filled()
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
    const space = await filled()
    expect((await space.run(['forget', ...args, '--yes'])).exitCode).toBe(0)
    return gatewayIds(space)
  }
  expect(await forget('--key', '0123456789abcdef')).toEqual(['d'])
  expect(await forget('--api-key-hash', 'fedcba9876543210')).toEqual(['a', 'b', 'c'])
  expect(await forget('--key', 'laptop')).toEqual(['a', 'c', 'd'])
  expect(await forget('--dialog', 'd1')).toEqual(['a', 'd'])
  expect(await forget('--key', 'nobody')).toEqual(['a', 'b', 'c', 'd'])
})

sqliteTest('without --yes, and in a dry run, nothing is changed', async () => {
  const space = await filled()
  const before = digests(space.partitions())
  const asked = await space.run(['forget', '--dialog', 'd1'])
  expect(asked).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      '✖ 2 requests would be removed for good; nothing was changed\nHint: run it again with --yes, or with --dry-run to see where\n',
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

sqliteTest('what to forget must be clear, and a single request must be there', async () => {
  const { run } = await filled()
  for (const args of [[], ['--key', 'a', '--dialog', 'b']]) {
    const { exitCode, stderr } = await run(['forget', ...args, '--yes'])
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('give one of --request-id, --key and --dialog')])
  }
  const { exitCode, stderr } = await run(['forget', '--request-id', 'nothing', '--yes'])
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('there is no request or dialog nothing')])
})
