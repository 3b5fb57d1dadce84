import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { main } from '../../../../logdb/main.ts'
import type { ListPlace } from '../../../../logdb/store/search/partition-list.ts'
import { listRequests } from '../../../../logdb/verbs/list/list.ts'
import { chat, completion, jsonl, record, timestampAt } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { SERVER_ID, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'
import { testTerminal } from '../../../helpers/process/test-terminal.ts'

const said = (role: string, content: unknown) => ({ role, content })
const call = { role: 'assistant', content: null, tool_calls: [{ id: 'c', function: { name: 'ls', arguments: '{}' } }] }

const RECORDS = [
  record({
    x_request_id: 'a',
    timestamp: '2025-09-10T23:59:50Z',
    request: chat('What is\n a  bee?'),
    api_key_name: 'laptop',
  }),
  record({
    x_request_id: 'b',
    timestamp: '2025-09-11T08:00:00Z',
    latency_ms: 61_234,
    request: { model: 'gpt-4o', messages: [said('user', 'List files'), call, said('tool', 'a.txt')] },
    response: completion('One.'),
  }),
  record({
    x_request_id: 'c',
    timestamp: '2025-09-11T09:00:00Z',
    status_code: 200,
    outcome: 'client_aborted',
    usage: null,
    request: {
      model: 'claude',
      system: 'Be brief',
      messages: [said('user', [{ type: 'text', text: '数据库是什么' }])],
    },
  }),
  record({
    x_request_id: 'd',
    timestamp: '2025-09-12T09:00:00Z',
    status_code: 502,
    outcome: 'upstream_error',
    endpoint: '/v1/embeddings',
    request: { model: 'ada', input: 'embed me' },
    response: { error: { message: 'busy' } },
  }),
]

async function filled(env: Record<string, string> = {}): Promise<Workspace> {
  const space = workspace()
  space.write('requests-x.jsonl', jsonl(RECORDS))
  await space.ingest({ env })
  return space
}

sqliteTest('list shows the latest requests of all days, each with what the user said last', async () => {
  for (const granularity of ['daily', 'weekly']) {
    const { run } = await filled({ LOGDB_PARTITION_GRANULARITY: granularity })
    const { exitCode, stdout, stderr } = await run(['list'])
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout.replaceAll(/(?<=Z {2})[0-9a-f]{10}/g, '<id>').replaceAll(/ +$/gm, '')).toBe(
      `time                  id          model   key               status   tokens  latency  question
2025-09-12T09:00:00Z  <id>  gpt-4o  0123456789abcdef  502         7/5    13 ms  embed me
2025-09-11T09:00:00Z  <id>  gpt-4o  0123456789abcdef  200 cut       -    13 ms  数据库是什么
2025-09-11T08:00:00Z  <id>  gpt-4o  0123456789abcdef  200         7/5   61.2 s  List files
2025-09-10T23:59:50Z  <id>  gpt-4o  laptop            200         7/5    13 ms  What is a bee?
`,
    )
  }
})

sqliteTest('a short id of the list is what show takes', async () => {
  const { run } = await filled()
  const { stdout } = await run(['list', '--status', '502'])
  const [, id = ''] = /^\S+Z {2}([0-9a-f]{10}) /m.exec(stdout) ?? []
  expect((await run(['show', id])).stdout).toContain('embed me')
})

const idsOf = async ({ run }: Workspace, ...args: string[]) => {
  const { stdout } = await run(['list', '--json', ...args])
  const result: { question: string }[] = JSON.parse(stdout).result
  return result.map(({ question }) => question)
}
const [A, B, C, D] = ['What is a bee?', 'List files', '数据库是什么', 'embed me']

sqliteTest('list has the filters of search, and pages', async () => {
  const space = await filled()
  expect(await idsOf(space, '--key', 'laptop')).toEqual([A])
  expect(await idsOf(space, '--endpoint', '/v1/chat/*', '--status', '2xx', '--model', 'gpt*')).toEqual([C, B, A])
  expect(await idsOf(space, '--since', '2025-09-11', '--to', '2025-09-11T08:30')).toEqual([B])
  expect(await idsOf(space, '--limit', '3')).toEqual([D, C, B])
  expect(await idsOf(space, '--limit', '3', '--page', '2')).toEqual([A])
  expect((await space.run(['list', '--limit', '3'])).stderr).toBe('more: --limit 6 or --page 2\n')
  expect((await space.run(['list', '--limit', '1', '--page', '2'])).stderr).toBe('more: --page 3\n')
  expect((await space.run(['list', '--limit', '4'])).stderr).toBe('')
})

sqliteTest('each request of an agent has the last question before it', async () => {
  const space = workspace()
  const messages = [said('user', 'First'), call, said('tool', 'a'), call, said('tool', 'b'), said('user', 'Second')]
  const all = [...messages, call, said('tool', 'c'), call, said('tool', 'd')]
  const records = [1, 3, 5, 6, 8, 10].map((count, index) =>
    record({ timestamp: timestampAt(index), request: { model: 'gpt-4o', messages: all.slice(0, count) } }),
  )
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest()
  expect((await idsOf(space)).reverse()).toEqual(['First', 'First', 'First', 'Second', 'Second', 'Second'])
})

sqliteTest('on a narrow terminal the question is on its own line, and nothing is wider', async () => {
  const { folder } = await filled()
  const shown = async (outColumns: number) => {
    const terminal = testTerminal({ cwd: folder, env: { NO_COLOR: '1', NO_PAGER: '1' }, isOutTty: true, outColumns })
    await main(['list'], terminal)
    return terminal.stdout.trimEnd().split('\n')
  }
  const [wide, narrow] = [await shown(140), await shown(80)]
  expect([wide.length, narrow.length]).toEqual([5, 9])
  expect(narrow[2]).toBe('    embed me')
  expect(narrow.filter((line) => line.length > 80)).toEqual([])
})

sqliteTest('without a word but with filters, search finds requests', async () => {
  const { run } = await filled()
  const { exitCode, stdout, stderr } = await run(['search', '--endpoint', '/v1/chat/*', '--limit', '2'])
  expect([exitCode, stderr]).toEqual([0, 'more: --limit 4 or --page 2\n'])
  expect(stdout.match(/^ {4}.*/gm)).toEqual([`    ${C}`, `    ${B}`])
  const json = JSON.parse((await run(['search', '--status', '502', '--json'])).stdout)
  expect(json.result).toMatchObject([{ role: 'user', snippet: D, status_code: 502 }])
  const byRole = JSON.parse((await run(['search', '--role', 'system', '--json'])).stdout)
  expect(byRole.result).toMatchObject([{ role: 'system', snippet: 'Be brief' }])
})

sqliteTest('search says how many messages there are in how many requests, and how to see more', async () => {
  const space = workspace()
  const records = Array.from({ length: 45 }, (_, index) => {
    const timestamp = timestampAt(index, '2025-09-10T23:59:40Z')
    return record({
      timestamp,
      x_request_id: `r${index}`,
      request: chat(`needle ${index}`),
      response: completion(`a needle ${index}`),
    })
  })
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest()
  const search = (...args: string[]) => space.run(['search', 'needle', ...args])
  const first = await search()
  expect([first.stdout.match(/^ {4}/gm)?.length, first.stderr]).toEqual([
    20,
    '90 messages in 45 requests\nmore: --limit 40 or --page 2\n',
  ])
  const pages = await Promise.all(['1', '2', '3', '4', '5'].map((page) => search('--json', '--page', page)))
  const found = pages.flatMap(({ stdout }) => JSON.parse(stdout).result as { snippet: string }[])
  expect([found.length, new Set(found.map(({ snippet }) => snippet)).size]).toEqual([90, 90])
  expect(JSON.parse(pages[4]?.stdout ?? '')).toMatchObject({ total: { messages: 90, requests: 45 }, more: false })
  expect((await search('--page', '5')).stderr).toBe('90 messages in 45 requests\n')
  expect((await search('--since', '2025-09-11', '--role', 'user')).stderr).toMatch(/^25 messages in 25 requests\nmore/)
  expect((await space.run(['search', 'needle', '7'])).stderr).toBe('2 messages in 1 request\n')
})

sqliteTest('tail prints the last requests in the order of time', async () => {
  const { run } = await filled()
  const { stdout } = await run(['tail', '-n', '2', '--json'])
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).question),
  ).toEqual([C, D])
  expect((await run(['tail', '--status', '2xx'])).stdout.match(/\S+$/gm)).toEqual(['question', 'bee?', 'files', C])
})

sqliteTest('tail -f prints each request that is stored meanwhile, once, until the signal', async () => {
  const space = await filled()
  const stop = new AbortController()
  const env = { LOGDB_SERVER_ID: SERVER_ID }
  const terminal = testTerminal({ cwd: space.folder, env, signal: stop.signal })
  const running = main(['tail', '-f', '-n', '1', '--status', '2xx', '--json'], terminal)
  const until = (text: string) => expect.poll(() => terminal.stdout, { timeout: 10_000 }).toContain(text)
  await until(C)
  for (const [index, day] of ['2025-09-12', '2025-09-10', '2025-09-14'].entries()) {
    const shared = { timestamp: `${day}T12:00:0${index}Z` }
    const late = record({ ...shared, x_request_id: `late ${index}`, request: chat(`late ${index}`) })
    const failed = record({ ...shared, x_request_id: `failed ${index}`, status_code: 500, request: chat('no') })
    space.write(`requests-${index}.jsonl`, jsonl([late, failed]))
    await space.ingest()
    await until(`late ${index}`)
  }
  stop.abort()
  expect(await running).toBe(0)
  const lines = terminal.stdout.trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).question)).toEqual([C, 'late 0', 'late 1', 'late 2'])
})

sqliteTest('tail -f names each damaged day once, at its start and later', async () => {
  const space = await filled()
  const [first = '', second = ''] = space.partitions()
  writeFileSync(first, 'no database')
  const stop = new AbortController()
  const terminal = testTerminal({ cwd: space.folder, env: {}, signal: stop.signal })
  const running = main(['tail', '-f', '-n', '1'], terminal)
  const skipped = () => terminal.stderr.split('\n').filter((line) => line.startsWith('skipped: '))
  await expect.poll(skipped, { timeout: 10_000 }).toEqual([expect.stringContaining(first)])
  writeFileSync(second, 'no database either')
  await expect.poll(skipped, { timeout: 10_000 }).toHaveLength(2)
  stop.abort()
  expect(await running).toBe(0)
  expect(skipped()).toEqual([first, second].map((path) => expect.stringContaining(path)))
})

test('an empty folder is named', async () => {
  for (const verb of ['list', 'tail']) {
    expect((await workspace().run([verb])).stderr).toContain('contains no log database')
  }
})

sqliteTest(
  'pages that begin where the last one ended give every request once, also those of the same second',
  async () => {
    const space = workspace()
    const records = Array.from({ length: 40 }, (_, index) =>
      record({
        x_request_id: `r${index}`,
        timestamp: index < 20 ? '2025-09-10T23:59:59.5Z' : timestampAt(index % 7, '2025-09-11T00:00:00Z', 100_000),
      }),
    )
    space.write('requests-x.jsonl', jsonl(records))
    await space.ingest()
    const { requests: all } = await listRequests({ out: space.db, limit: 100 })
    const pages: string[][] = []
    let before: ListPlace | undefined
    do {
      const { requests, next } = await listRequests({ out: space.db, limit: 7, before })
      pages.push(requests.map(({ requestId }) => requestId))
      before = next
    } while (before)
    expect(pages.map((page) => page.length)).toEqual([7, 7, 7, 7, 7, 5])
    expect(pages.flat()).toEqual(all.map(({ requestId }) => requestId))
    expect(new Set(pages.flat()).size).toBe(40)
  },
)

sqliteTest('a list that runs out of time says how far it looked and where to continue', async () => {
  const space = workspace()
  const last = record({ x_request_id: 'last of its day', timestamp: '2025-09-11T23:59:59.9Z' })
  space.write('requests-x.jsonl', jsonl([...RECORDS, last]))
  await space.ingest()
  const { db } = space
  const first = await listRequests({ out: db, limit: 9, endpoint: '/none', timeLimitMs: 0 })
  expect(first).toMatchObject({ requests: [], hasMore: true, searchedTo: '2025-09-12' })
  const second = await listRequests({ out: db, limit: 9, timeLimitMs: 0, before: first.next })
  expect(second).toMatchObject({ hasMore: true, searchedTo: '2025-09-11' })
  expect(second.requests).toHaveLength(3)
  const third = await listRequests({ out: db, limit: 9, timeLimitMs: 0, before: second.next })
  expect(third.requests).toHaveLength(1)
  expect(third.hasMore).toBe(false)
})
