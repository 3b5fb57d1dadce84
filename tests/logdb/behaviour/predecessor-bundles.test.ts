import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fill } from '../../helpers/logdb/bundles.ts'
import { predecessorBlock, predecessorEvent } from '../../helpers/logdb/logs.ts'
import { hasSqlite } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'
import { findProgram } from '../../helpers/process/programs.ts'

/** A checkout of the Python project, mikhailsal/ai-proxy on GitHub. */
const checkout = process.env['PREDECESSOR_CHECKOUT'] ?? ''
const isPresent = hasSqlite && findProgram('python3') !== null && existsSync(join(checkout, 'ai_proxy/logdb/bundle.py'))
const MISSING = 'PREDECESSOR_CHECKOUT, a folder with the Python ai-proxy'
const DAYS = ['2025-09-09', '2025-09-10']
/** Nothing can be installed that has it, so not even CI asks for it. */
const testWithCheckout = (title: string, body: () => Promise<void>) => {
  if (isPresent) test(title, body)
  else test.skip(`${title} (${MISSING} is missing)`, body)
}

function predecessor({ folder }: Workspace, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync('python3', ['-m', 'ai_proxy.logdb.cli', ...args], {
    cwd: folder,
    env: { ...process.env, PYTHONPATH: checkout, LOGDB_ENABLED: 'true' },
    encoding: 'utf8',
  })
  return { exitCode: status, stdout, stderr }
}

testWithCheckout(
  'the predecessor verifies a bundle of ours, and puts its databases where ours reads them',
  async () => {
    const space = workspace()
    await fill(space, DAYS)
    await space.run(['bundle', 'create', '--out', 'w.tgz'])
    expect(predecessor(space, 'bundle', 'verify', 'w.tgz')).toEqual({ exitCode: 0, stdout: 'ok\n', stderr: '' })
    const imported = predecessor(space, 'bundle', 'import', 'w.tgz', '--dest', 'there')
    expect(imported).toEqual({ exitCode: 0, stdout: 'imported=2 skipped=0\n', stderr: '' })
    expect(await space.run(['verify', '--deep', '--out', 'there'])).toMatchObject({ exitCode: 0 })
    const { stdout } = await space.run(['query', 'SELECT count(*) AS n FROM requests', '--out', 'there', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ ok: true })
    expect(stdout).toContain('40')
  },
)

testWithCheckout('a bundle of the predecessor is verified and imported by ours', async () => {
  const space = workspace()
  const events = Array.from({ length: 10 }, (_, index) => {
    return predecessorBlock(predecessorEvent({ timestamp: `2025-09-10T12:00:0${index}Z` }))
  })
  writeFileSync(join(space.logs, 'v1_chat_completions.log'), events.join(''))
  expect(predecessor(space, 'ingest', '--from', 'logs', '--out', 'old')).toMatchObject({ exitCode: 0 })
  const range = ['--since', '2025-09-10', '--to', '2025-09-10']
  const created = predecessor(space, 'bundle', 'create', ...range, '--db', 'old', '--out', 'old.tgz')
  expect(created).toMatchObject({ exitCode: 0, stdout: 'old.tgz\n' })
  expect(await space.run(['bundle', 'verify', 'old.tgz'])).toEqual({ exitCode: 0, stdout: 'ok\n', stderr: '' })
  expect(await space.run(['bundle', 'import', 'old.tgz'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^imported=10 skipped=0\n/),
  })
  expect(await space.run(['verify', '--deep'])).toMatchObject({ exitCode: 0 })
})
