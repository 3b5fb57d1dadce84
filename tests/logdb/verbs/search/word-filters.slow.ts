import { chmodSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { LogRecord } from '../../../../kit/log-record.ts'
import { loadSqlite } from '../../../../logdb/store/sqlite/open.ts'
import { filterPath } from '../../../../logdb/store/word-filter/filter-file.ts'
import { partitionsWithoutMatch } from '../../../../logdb/store/word-filter/read-filters.ts'
import { type SearchOptions, search } from '../../../../logdb/verbs/search/search.ts'
import { parseQuery, parseRawQuery } from '../../../../logdb/verbs/search/text-query.ts'
import { chat, completion, jsonl, record } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { openDatabase, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'
import { type Random, seededRandom } from '../../../helpers/random.ts'

const WORDS = [
  ...[
    'alpha',
    'Beta',
    'gämma',
    'Ångström',
    'naïve',
    'x_y',
    'user',
    'error',
    '42',
    '3.14',
    'don’t',
    'done🙂',
    'NOT',
    'ß',
  ],
  ...[
    '说Go语言',
    '语言',
    '编程语言',
    'ภาษาไทย',
    '한국어를',
    'カタカナ',
    '言',
    'e\u0301tude',
    'ÉTUDE',
    '\u{20000}\u{20001}',
  ],
  ...Array.from({ length: 30 }, (_, index) => `word${index}`),
] as const
const DAYS = Array.from({ length: 14 }, (_, index) => `2025-03-${String(index + 1).padStart(2, '0')}`)

/** Each day has some of the words only. */
function randomDay(random: Random, day: string, first: number): LogRecord[] {
  const vocabulary = Array.from({ length: 9 }, () => pick(random)) as [string, ...string[]]
  const text = () => Array.from({ length: 1 + random.below(6) }, () => random.pick(vocabulary)).join(' ')
  return Array.from({ length: 4 }, (_, index) => {
    const number = first + index
    return record({
      timestamp: `${day}T0${index}:00:0${number % 10}.000000Z`,
      x_request_id: `${day}-${number}`,
      request: chat(text(), index % 2 === 0 ? [] : [{ role: 'assistant', content: text(), reasoning: text() }]),
      response: completion(text()),
      api_key_name: random.pick(['laptop', 'server']),
    })
  })
}

function pick(random: Random): string {
  return WORDS[random.below(WORDS.length)] ?? ''
}

function randomSearch(random: Random): SearchOptions {
  const word = () => pick(random).replaceAll('"', '')
  const query = random.pick([
    () => parseQuery(word()),
    () => parseQuery(`${word()} ${word()}`),
    () => parseQuery(`"${word()} ${word()}" ${word()}`),
    () => parseQuery(`${word()} NEAR/3 ${word()}`),
    () => parseQuery(word().slice(0, 1 + random.below(3))),
    () => parseRawQuery(`"${word()}" OR "${word()}"`),
    () => parseRawQuery(`("${word()}" AND "${word()}") NOT "${word()}"`),
    () => parseRawQuery(`content : "${word()}"* "${word()}"`),
    () => parseRawQuery(`"${word()}" AND role:${random.pick(['user', 'nobody'])}`),
    () => parseRawQuery(random.pick(['"word1" AND', 'nocolumn : word1', '(word2', 'NEAR(word3 word4, 2)'])),
  ])()
  const filters = random.pick<Partial<SearchOptions>>([
    {},
    { role: 'user' },
    { key: 'laptop' },
    { since: '2025-03-05', to: '2025-03-09T02:00:00Z' },
    { skip: 2 },
  ])
  return { query, ...filters, limit: random.pick([1, 20]), countTo: 1000, snippetWords: 8 }
}

/** What was found, or why nothing was. */
async function outcome(db: string, options: SearchOptions): Promise<unknown> {
  return search(db, options).catch((error: unknown) => String(error))
}

async function expectSameWithoutFilters({ db }: Workspace, random: Random): Promise<void> {
  const searches = Array.from({ length: 40 }, () => randomSearch(random))
  const found = []
  for (const one of searches) found.push(await outcome(db, one))
  const filters = readFileSync(filterPath(db))
  rmSync(filterPath(db))
  for (const [index, one] of searches.entries()) expect([one, found[index]]).toEqual([one, await outcome(db, one)])
  writeFileSync(filterPath(db), filters)
}

async function sealed(days: LogRecord[][]): Promise<Workspace> {
  const space = workspace()
  space.write('requests-a.jsonl', jsonl(days.flat()))
  await space.ingest()
  await space.run(['seal'])
  return space
}

/** How many partitions need not be opened if a word is missing in the index of words. */
async function passedOver({ db, partitions }: Workspace, word: string): Promise<number> {
  const canMatch = (holds: (table: 'words', word: string) => boolean) => holds('words', word)
  return partitionsWithoutMatch(await loadSqlite(), db, { paths: partitions(), canMatch }).size
}

sqliteTest('a search finds the same with filters of words and without, also after changes', async () => {
  const random = seededRandom(400)
  const space = await sealed(DAYS.map((day) => randomDay(random, day, 0)))
  expect(await passedOver(space, 'nosuchword')).toBe(DAYS.length)
  expect(await passedOver(space, 'word1')).toBeGreaterThan(3)
  await expectSameWithoutFilters(space, random)

  space.write('requests-b.jsonl', jsonl(DAYS.slice(0, 5).flatMap((day) => randomDay(random, day, 10))))
  await space.ingest()
  expect(await passedOver(space, 'nosuchword')).toBe(DAYS.length - 5)
  await expectSameWithoutFilters(space, random)

  const [{ request_id: id = '' } = {}] = await space.query<{ request_id: string }>('SELECT request_id FROM requests')
  expect((await space.run(['forget', '--request-id', id, '--yes'])).exitCode).toBe(0)
  expect((await space.run(['seal', '--since', '2025-03-03'])).exitCode).toBe(0)
  expect(await passedOver(space, 'nosuchword')).toBe(DAYS.length - 2)
  await expectSameWithoutFilters(space, random)

  expect((await space.run(['fts', 'build'])).exitCode).toBe(0)
  expect(await passedOver(space, 'nosuchword')).toBe(DAYS.length)
  await expectSameWithoutFilters(space, random)
})

const THREE = ['one', 'two', 'three'].map((word, index) => [
  record({ timestamp: `2025-03-0${index + 1}T10:00:00.000000Z`, request: chat(`${word} apple`) }),
])

sqliteTest('a partition is opened only for words that it may have, and its damage is told then', async () => {
  const space = await sealed(THREE)
  const [first = ''] = space.partitions()
  chmodSync(first, 0o644)
  writeFileSync(first, Buffer.alloc(statSync(first).size, 'x'))
  // As if the file had its time from before the damage.
  const db = await openDatabase(filterPath(space.db))
  const { size, mtimeNs } = statSync(first, { bigint: true })
  db.prepare("UPDATE filter SET stamp = ? WHERE path LIKE '%20250301%'").run(`${size} ${mtimeNs}`)
  db.close()
  expect(await space.run(['search', 'two'])).toMatchObject({ exitCode: 0 })
  expect(await space.run(['search', 'apple'])).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(first) })
})

sqliteTest('a damaged, empty or changed partition is told although no word is found', async () => {
  const space = await sealed(THREE)
  const [first = '', second = ''] = space.partitions()
  for (const path of [first, second]) chmodSync(path, 0o644)
  truncateSync(first, 0)
  writeFileSync(second, Buffer.alloc(statSync(second).size, 'x'))
  const { exitCode, stderr } = await space.run(['search', 'nosuchword'])
  expect(exitCode).toBe(3)
  for (const path of [first, second]) expect(stderr).toContain(path)
})

sqliteTest('filters that cannot be used make no difference', async () => {
  const space = await sealed(THREE)
  const filters = readFileSync(filterPath(space.db))
  const half = Buffer.from(filters)
  half.fill(0xa5, 4096)
  const foreign = await sealed([[record({ request: chat('foreign') })]])
  for (const content of [Buffer.alloc(0), Buffer.alloc(5000, 'x'), half, readFileSync(filterPath(foreign.db))]) {
    writeFileSync(filterPath(space.db), content)
    const { exitCode, stdout, stderr } = await space.run(['search', 'apple', '--json'])
    expect([exitCode, stderr, JSON.parse(stdout).total]).toEqual([0, '', { messages: 3, requests: 3 }])
    expect((await space.run(['seal'])).exitCode).toBe(0)
    expect(await passedOver(space, 'nosuchword')).toBe(3)
  }
})

sqliteTest('a search writes nothing, and what is forgotten leaves no trace in the filters', async () => {
  const space = await sealed([[record({ request: chat('secretword apple'), response: completion('ok') })]])
  const before = readFileSync(filterPath(space.db))
  await space.run(['search', 'secretword'])
  expect(readFileSync(filterPath(space.db)).equals(before)).toBe(true)
  const [{ request_id: id = '' } = {}] = await space.query<{ request_id: string }>('SELECT request_id FROM requests')
  const db = await openDatabase(filterPath(space.db))
  const blocks = db.prepare('SELECT bits FROM block').pluck().all() as Buffer[]
  db.close()
  await space.run(['forget', '--request-id', id, '--yes'])
  const after = readFileSync(filterPath(space.db))
  expect(blocks).toHaveLength(1)
  for (const block of blocks) expect(after.includes(block.subarray(4))).toBe(false)
  expect(existsSync(`${filterPath(space.db)}-journal`)).toBe(false)
  expect(await passedOver(space, 'nosuchword')).toBe(0)
})

sqliteTest('a partition without an index, or with messages that are not indexed, has no filter', async () => {
  const space = workspace()
  space.write('requests-a.jsonl', jsonl(THREE.flat()))
  await space.ingest({ env: { LOGDB_FTS_ENABLED: 'false' } })
  await space.run(['seal'])
  expect(await passedOver(space, 'nosuchword')).toBe(0)
  expect((await space.run(['search', 'nosuchword'])).stderr).toContain('logdb fts build')
})
