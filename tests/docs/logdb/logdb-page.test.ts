import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { packageRoot } from '../../../kit/package-root.ts'
import { makePredecessorDatabase } from '../../helpers/logdb/predecessor-database.ts'
import { sqliteShellTest, sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'
import { DAMAGED_LOGS, LOGS, PREDECESSOR_ROWS } from './made-logs.ts'
import { refreshed, sectionsOf } from './page.ts'

const PAGE = join(packageRoot(), 'docs/logdb.md')
const page = () => readFileSync(PAGE, 'utf8')

/** Sections whose commands change what they find. */
const CHANGING = ['dialogs', 'fts', 'seal', 'merge', 'forget', 'retain', 'reapply', 'bundle']

/** What the commands of a section find; those of all others find LOGS, ingested. */
const SPACES: Record<string, () => Promise<Workspace>> = {
  init: async () => workspace(),
  ingest: async () => withLogs(LOGS),
  auto: async () => withLogs(LOGS),
  errors: () => ingested(DAMAGED_LOGS),
  convert: async () => {
    const space = workspace()
    makePredecessorDatabase(join(space.db, '2025/08/ai_proxy_20250815.sqlite3'), PREDECESSOR_ROWS)
    return space
  },
}

function withLogs(logs: Record<string, string>): Workspace {
  const space = workspace()
  for (const [name, text] of Object.entries(logs)) space.write(name, text)
  return space
}

async function ingested(logs: Record<string, string>): Promise<Workspace> {
  const space = withLogs(logs)
  await space.ingest()
  return space
}

/** The names of all verbs, of `errors list` too, as the program lists them. */
async function verbs(): Promise<string[]> {
  const names = await commandsOf([])
  const nested = await Promise.all(names.map(async (name) => [name, await commandsOf([name])] as const))
  return nested.flatMap(([name, own]) => (own.length > 0 ? own.map((one) => `${name} ${one}`) : [name]))
}

const COMMAND = /^ {2}([a-z]+)(?= [[<]| {2,}|$)/gm

async function commandsOf(path: string[]): Promise<string[]> {
  const { stdout } = await workspace().run([...path, '--help'])
  if (!/^Usage: .*\[command\]$/m.test(stdout)) return []
  return [...stdout.matchAll(COMMAND)].map(([, name = '']) => name).filter((name) => !['help', 'logdb'].includes(name))
}

/** The page with a section for each verb that had none, made of what its help says; to be completed by hand. */
async function withAllVerbs(text: string): Promise<string> {
  const missing = (await verbs()).filter((verb) => !text.includes(`\`\`\`text\nUsage: logdb ${verb}`))
  const added = await Promise.all(missing.map(newSection))
  return text.replace(/^(?=## Exit codes)/m, () => added.join(''))
}

async function newSection(verb: string): Promise<string> {
  const { stdout } = await workspace().run([...verb.split(' '), '--help'])
  const [usage, description = '', ...rest] = stdout.trimEnd().split('\n\n')
  const [example = `logdb ${verb}`] = new RegExp(`logdb ${verb}[^()>#\n]*`).exec(rest.join('\n')) ?? []
  const blocks = ['```console', `$ ${example.trim()} | head -n 1`, '```', '', '```text', usage, '```']
  return `### ${verb}\n\n${description.replaceAll('\n', ' ')}.\n\n${blocks.join('\n')}\n\n`
}

sqliteTest('docs/logdb.md shows what logdb prints; npm test -- -u writes it there', async () => {
  const shared = await ingested(LOGS)
  const spaceFor = (heading: string) =>
    SPACES[heading] ?? (async () => (CHANGING.includes(heading) ? ingested(LOGS) : shared))
  let text = ''
  for (const section of sectionsOf(await withAllVerbs(page()))) {
    text += await refreshed(section.text, spaceFor(section.heading))
  }
  await expect(text).toMatchFileSnapshot(PAGE)
})

sqliteTest('every verb has a section with a sentence, a command and its options', async () => {
  const sections = new Map(sectionsOf(page()).map(({ heading, text }) => [heading, text]))
  for (const verb of await verbs()) {
    const text = sections.get(verb.split(' ')[0] ?? '') ?? ''
    expect([verb, text]).toEqual([verb, expect.stringMatching(/^### .*\n\n[A-Z][^\n]*[.:]?/)])
    expect([verb, text.includes('$ logdb ')]).toEqual([verb, true])
    expect([verb, text.includes(`Usage: logdb ${verb}`)]).toEqual([verb, true])
  }
})

const SQL = /(?<=^```sql\n)[\s\S]*?(?=^```$)/m

sqliteShellTest('the SQL of the page runs in plain sqlite3, and finds something', async () => {
  const space = await ingested(LOGS)
  const [first = ''] = space.partitions()
  const [second = ''] = space.partitions().slice(1)
  const statements = (SQL.exec(page())?.[0] ?? '')
    .replaceAll(/^--.*\n/gm, '')
    .trim()
    .split('\n')
  expect(statements.length).toBeGreaterThan(5)
  const found = (database: string, sql: string) =>
    execFileSync('sqlite3', [database, sql], { cwd: space.folder, encoding: 'utf8' })
  const [attach = '', ...attached] = statements.slice(statements.findIndex((sql) => sql.startsWith('ATTACH')))
  for (const sql of [...statements.slice(0, -1 - attached.length), attach + attached.join('')]) {
    const database = sql.includes('语言') ? second : first
    expect([sql, found(database, sql)]).not.toEqual([sql, ''])
  }
})
