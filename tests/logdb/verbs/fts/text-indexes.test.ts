import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { chat, jsonl, record, timestampAt } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'
import { compiledLogdb } from '../../../helpers/process/compiled-package.ts'
import { seededRandom } from '../../../helpers/random.ts'

const LETTERS = 'abcdefghij '
const MESSAGES = 80
const MESSAGE_LENGTH = 60_000

/** Two partitions that are large enough for threads. */
async function filled(): Promise<Workspace> {
  const space = workspace()
  const random = seededRandom(1)
  const text = () => random.text(LETTERS, 100).repeat(MESSAGE_LENGTH / 50)
  for (const day of ['10', '11']) {
    const records = Array.from({ length: MESSAGES }, (_, index) =>
      record({
        timestamp: timestampAt(index, `2025-09-${day}T10:00:00Z`),
        request: chat(`${index} ${text()} day${day}`),
      }),
    )
    space.write(`requests-2025-09-${day}.jsonl`, jsonl(records))
  }
  await space.ingest({ env: { LOGDB_FTS_ENABLED: 'false', LOGDB_IMPORT_PARALLELISM: '1' } })
  return space
}

function build(cli: string, { folder }: Workspace) {
  return spawnSync(process.execPath, [cli, 'fts', 'build'], { cwd: folder, encoding: 'utf8' })
}

sqliteTest('large partitions are indexed in threads, with the same result in the same order', async () => {
  const space = await filled()
  const [first = '', second = ''] = space.partitions()
  const { status, stdout, stderr } = build(compiledLogdb(), space)
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout).toBe(`${first} indexed=${MESSAGES + 1} skipped=0\n${second} indexed=${MESSAGES + 1} skipped=0\n`)
  const hits = await space.run(['search', 'day10', '--limit', '100', '--json'])
  expect(JSON.parse(hits.stdout).result).toHaveLength(MESSAGES)
})

sqliteTest('an error in a thread is reported like any other error', async () => {
  const space = await filled()
  const [first = ''] = space.partitions()
  writeFileSync(first, 'no database')
  const cli = compiledLogdb()
  const { status, stderr } = build(cli, space)
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/is damaged or not a SQLite database\.\nHint: check it with/),
  ])
  rmSync(first)
  expect(build(cli, space).status).toBe(0)
})
