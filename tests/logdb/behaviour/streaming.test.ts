import { once } from 'node:events'
import { expect } from 'vitest'
import { endOf, startLogdb } from '../../helpers/logdb/cli-child.ts'
import { jsonl, record } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { largeQuery, type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const LARGE = largeQuery(400)

async function filled(): Promise<Workspace> {
  const space = workspace()
  space.write('requests-x.jsonl', jsonl([record()]))
  await space.ingest()
  return space
}

sqliteTest('a reader that goes away ends a large result early, without a word', async () => {
  const { folder } = await filled()
  const child = startLogdb(['query', largeQuery(1_000_000), '--nl'], { cwd: folder })
  child.stdout?.once('data', () => child.stdout?.destroy())
  let stderr = ''
  child.stderr?.on('data', (text) => (stderr += text))
  const [code] = await once(child, 'close')
  expect([code, stderr]).toEqual([0, ''])
})

sqliteTest('a full disk behind stdout is exit code 5, without a stack', async () => {
  const { folder } = await filled()
  for (const args of [
    ['query', 'SELECT 1', '--nl'],
    ['query', LARGE, '--csv'],
    ['search', 'Hello'],
    ['stats'],
    ['--help'],
  ]) {
    const child = startLogdb(args, { cwd: folder, stdout: '/dev/full' })
    expect([args, await endOf(child)]).toEqual([
      args,
      {
        code: 5,
        signal: null,
        stdout: '',
        stderr: expect.stringMatching(
          /^(1 message in 1 request\n)?✖ The output cannot be written: ENOSPC: .*\.\nHint: free some space.* \(DISK_FULL, exit code 5\)\n$/,
        ),
      },
    ])
  }
})

sqliteTest('a result that is too large for one document is refused', async () => {
  const space = await filled()
  const { exitCode, stderr } = await space.run(['query', LARGE, '--json'])
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(/^✖ The result is too large for one JSON document\.\nHint: use --nl/)
})
