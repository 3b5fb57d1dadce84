import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageRoot } from '../../../kit/package-root.ts'
import { LOGDB_ERRORS } from '../../../logdb/error-table.ts'
import { workspace } from '../../helpers/logdb/workspace.ts'

const text = (name: string) => readFileSync(join(packageRoot(), 'docs', name), 'utf8')

/** Of all headings except those of completion and help, which are the same for both programs. */
async function commands(): Promise<string[]> {
  const { stdout } = await workspace().run(['--help'])
  const sections = stdout.split('\n\n').map((section) => section.split(':\n'))
  const lists = sections.filter(([heading = '']) => !['Options', 'Other', 'Examples'].includes(heading))
  return lists.flatMap(([, list = '']) => [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name))
}

test('--help of every verb needs no .env, and names nothing that does not exist', async () => {
  const page = text('logdb.md')
  const verbs = [...page.matchAll(/^Usage: logdb((?: [a-z]+)+)/gm)].map(([, words = '']) => words.trim().split(' '))
  expect(verbs.length).toBeGreaterThan(15)
  const known = [...(await commands()), 'completion']
  for (const verb of [[], ...verbs]) {
    const { folder, run } = workspace()
    writeFileSync(join(folder, '.env'), 'no assignment')
    const { exitCode, stdout, stderr } = await run([...verb, '--help'])
    expect([verb, exitCode, stderr]).toEqual([verb, 0, ''])
    const named = [...stdout.matchAll(/^ +logdb ([a-z]+)/gm)].map(([, name]) => name)
    expect(known).toEqual(expect.arrayContaining(named))
  }
})

test('docs/migrating.md names every verb that is new, and every variable of the predecessor', async () => {
  const page = text('migrating.md')
  for (const verb of await commands()) expect(page).toMatch(new RegExp(`\\b${verb}\\b`))
  const names = `ENABLED FTS_ENABLED GROUPING_ENABLED IMPORT_PARALLELISM MEMORY_CAP_MB MEMORY_MB BATCH_ROWS BATCH_KB
    WAL_AUTOCHECKPOINT_PAGES SQLITE_CACHE_KB BUNDLE_INCLUDE_RAW CLEANUP_AFTER_MERGE`.split(/\s+/)
  for (const name of names) expect(page).toContain(`LOGDB_${name}`)
})

test('docs/logdb.md lists every error with its exit code, and no other', () => {
  const rows = text('logdb.md').matchAll(/^\| (\d+) \| `([A-Z_]+)` \| (.+) \|$/gm)
  const documented = [...rows].map(([, exitCode, code, meaning]) => ({ code, exitCode: Number(exitCode), meaning }))
  const known = Object.entries(LOGDB_ERRORS).map(([code, kind]) => ({ code, ...kind }))
  expect(documented).toEqual(expect.arrayContaining(known))
  expect(known).toEqual(expect.arrayContaining(documented))
})

test('every error of logdb is made from its table', () => {
  const folder = join(packageRoot(), 'logdb')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
  const makers = files.filter((path) => /new UserError\(/.test(readFileSync(join(folder, path), 'utf8')))
  // They make again, from its fields, an error that came from another thread or process.
  expect(makers.sort()).toEqual([
    'control-socket/control-protocol.ts',
    'ui/server/queries/query-pool.ts',
    'verbs/fts/index-builder.ts',
  ])
})
