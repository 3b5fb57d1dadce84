import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { workspace } from '../helpers/logdb/workspace.ts'

const text = (name: string) => readFileSync(join(packageRoot(), 'docs', name), 'utf8')

async function commands(): Promise<string[]> {
  const { stdout } = await workspace().run(['--help'])
  const [, list = ''] = stdout.split('Commands:\n')
  return [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help')
}

test('--help of every verb needs no .env, and names nothing that is not there', async () => {
  const page = text('logdb.md')
  const verbs = [...page.matchAll(/^Usage: logdb((?: [a-z]+)+)/gm)].map(([, words = '']) => words.trim().split(' '))
  expect(verbs.length).toBeGreaterThan(15)
  for (const verb of [[], ...verbs]) {
    const { folder, run } = workspace()
    writeFileSync(join(folder, '.env'), 'no assignment')
    const { exitCode, stdout, stderr } = await run([...verb, '--help'])
    expect([verb, exitCode, stderr]).toEqual([verb, 0, ''])
    expect(stdout).not.toMatch(/\b(bundle|merge|auto)\b/)
  }
})

test('docs/migrating.md names every verb that is new, and every variable of the predecessor', async () => {
  const page = text('migrating.md')
  for (const verb of await commands()) expect(page).toMatch(new RegExp(`\\b${verb}\\b`))
  const names = `ENABLED FTS_ENABLED GROUPING_ENABLED IMPORT_PARALLELISM MEMORY_CAP_MB MEMORY_MB BATCH_ROWS BATCH_KB
    WAL_AUTOCHECKPOINT_PAGES SQLITE_CACHE_KB BUNDLE_INCLUDE_RAW CLEANUP_AFTER_MERGE`.split(/\s+/)
  for (const name of names) expect(page).toContain(`LOGDB_${name}`)
})
