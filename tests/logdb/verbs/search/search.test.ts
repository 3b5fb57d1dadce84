import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { expect } from 'vitest'
import { chat, completion, jsonl, record } from '../../../helpers/logdb/logs.ts'
import { sqliteShellTest, sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { openDatabase, type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

async function filled(env: Record<string, string> = {}): Promise<Workspace> {
  const space = workspace()
  const history = [
    { role: 'user', content: 'tell me about rate limits' },
    { role: 'assistant', content: 'They limit the rate.' },
  ]
  space.write(
    'requests-2025-09-10.jsonl',
    jsonl([
      record({
        timestamp: '2025-09-10T10:00:00.000001Z',
        x_request_id: 'a',
        request: chat('tell me about rate limits'),
        response: completion('They limit the rate.'),
      }),
      record({
        timestamp: '2025-09-10T10:01:00.000001Z',
        x_request_id: 'b',
        request: chat('and timeouts?', history),
        response: { error: { message: 'x' } },
        status_code: 502,
        model_original: 'claude',
      }),
      record({
        timestamp: '2025-09-12T10:00:00.000001Z',
        x_request_id: 'c',
        request: chat('rate this: the request ran into an error, then a timeout'),
        dialog_id: 'd',
        api_key_name: 'laptop',
      }),
    ]),
  )
  await space.ingest({ env })
  return space
}

async function found(space: Workspace, args: string[]): Promise<Record<string, unknown>[]> {
  const { stdout, stderr, exitCode } = await space.run(['search', ...args, '--json'])
  expect([exitCode, stderr]).toEqual([0, ''])
  return JSON.parse(stdout).result
}

const texts = (hits: Record<string, unknown>[]) => hits.map(({ role, snippet }) => `${role}: ${snippet}`)

sqliteTest('messages of all partitions are found, the latest first, each once', async () => {
  const space = await filled()
  expect(texts(await found(space, ['rate']))).toEqual([
    'user: rate this: the request ran into an error, then a timeout',
    'assistant: They limit the rate.',
    'user: tell me about rate limits',
  ])
  expect(await found(space, ['timeout', '--limit', '1'])).toEqual([
    {
      request_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      ts: 1757671200,
      time: '2025-09-12T10:00:00Z',
      role: 'user',
      endpoint: '/v1/chat/completions',
      model_original: 'gpt-4o',
      model_mapped: 'openai/gpt-4o',
      status_code: 200,
      dialog_id: 'd',
      snippet: 'rate this: the request ran into an error, then a timeout',
    },
  ])
})

sqliteTest('every filter narrows the result', async () => {
  const space = await filled()
  const count = async (...args: string[]) => (await found(space, ['rate', ...args])).length
  expect(await count('--role', 'assistant')).toBe(1)
  expect(await count('--since', '2025-09-11')).toBe(1)
  expect(await count('--to', '2025-09-10')).toBe(2)
  expect(await count('--limit', '2')).toBe(2)
  expect(await count('--endpoint', '/v1/chat/*')).toBe(3)
  expect(await count('--endpoint', '/v1/[c]hat/*')).toBe(0)
  expect(await count('--model', 'gpt-4*')).toBe(3)
  expect(await count('--model', 'anthropic/*')).toBe(0)
  expect(await count('--status', '404')).toBe(0)
  expect(await count('--key', '0123456789abcdef')).toBe(3)
  expect(await count('--key', 'laptop')).toBe(1)
})

sqliteTest('a message is found for every request that holds it, not only for the first', async () => {
  const space = await filled()
  const hits = await found(space, ['rate', '--status', '5xx', '--model', 'claude'])
  expect(hits.map(({ role, status_code, time }) => [role, status_code, time])).toEqual([
    ['assistant', 502, '2025-09-10T10:01:00Z'],
    ['user', 502, '2025-09-10T10:01:00Z'],
  ])
})

sqliteTest('dates inside a weekly partition are respected', async () => {
  const space = await filled({ LOGDB_PARTITION_GRANULARITY: 'weekly' })
  expect(space.partitions()).toHaveLength(1)
  expect(await found(space, ['rate', '--since', '2025-09-11'])).toHaveLength(1)
  expect(await found(space, ['rate', '--to', '2025-09-10'])).toHaveLength(2)
})

sqliteTest('near, phrases and raw queries work', async () => {
  const space = await filled()
  const count = async (...args: string[]) => (await found(space, args)).length
  expect(await count('error NEAR/5 timeout')).toBe(1)
  expect(await count('request', 'NEAR/2', 'timeout')).toBe(0)
  expect(await count('NEAR(error timeout, 5)')).toBe(1)
  expect(await count('"rate limits"')).toBe(1)
  expect(await count('"limits rate"')).toBe(0)
  expect(await count('limits OR error')).toBe(0)
  expect(await count('--raw-query', '(limits OR error) AND role:user')).toBe(2)
  expect(await count('--raw-query', 'error NEAR/5 timeout')).toBe(1)
  expect(await count('user')).toBe(0)
  expect(await count('"\' --; DROP')).toBe(0)
})

const RUNS = [
  '我们用Python编程语言写程序。',
  '这是一个测试',
  '言い換えるとコンピューター',
  'plain text about python',
  'ภาษาไทยง่ายนิดเดียว',
  '서울에서 만나요',
]

async function withRuns(): Promise<Workspace> {
  const space = workspace()
  const records = RUNS.map((text, index) => record({ x_request_id: `r${index}`, request: chat(text) }))
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest()
  return space
}

sqliteTest('a word within a run of characters without spaces is found, and a word next to one', async () => {
  const space = await withRuns()
  const snippets = async (...args: string[]) => (await found(space, args)).map(({ snippet }) => snippet)
  expect(await snippets('语言')).toEqual([RUNS[0]])
  expect(await snippets('编程语言')).toEqual([RUNS[0]])
  expect(await snippets('程语')).toEqual([RUNS[0]])
  expect(await snippets('序')).toEqual([RUNS[0]])
  expect(await snippets('言')).toEqual([RUNS[2], RUNS[0]])
  expect(await snippets('语编')).toEqual([])
  expect(await snippets('测试')).toEqual([RUNS[1]])
  expect(await snippets('ピュータ')).toEqual([RUNS[2]])
  expect(await snippets('ง่าย')).toEqual([RUNS[4]])
  expect(await snippets('서울')).toEqual([RUNS[5]])
  expect(await snippets('python')).toEqual([RUNS[3], RUNS[0]])
  expect(await snippets('python', '语言')).toEqual([RUNS[0]])
  expect(await snippets('用Python', '测试')).toEqual([])
  expect(await snippets('python', 'text')).toEqual([RUNS[3]])
  expect(await snippets('语言', '--role', 'user', '--status', '200')).toEqual([RUNS[0]])
  expect(await snippets('语言', '--role', 'assistant')).toEqual([])
})

sqliteTest('what was found in a run stands out on a terminal', async () => {
  const space = await withRuns()
  const { stdout } = await space.run(['search', '语言'], {}, { isTTY: true })
  expect(stdout).toContain('我们用Python编程\u001b[1m\u001b[33m语言\u001b[39m\u001b[22m写程序。')
})

sqliteShellTest('plain sqlite3 finds words within a run too', async () => {
  const space = await withRuns()
  const sql = `SELECT content FROM request_text_index
    WHERE rowid IN (SELECT rowid FROM request_text_pairs WHERE request_text_pairs MATCH '语言')`
  const stdout = execFileSync('sqlite3', [space.partitions()[0] ?? '', sql], { encoding: 'utf8' })
  expect(stdout).toBe(`${RUNS[0]}\n`)
})

sqliteTest('an index of an earlier version is built again', async () => {
  const space = await withRuns()
  const db = await openDatabase(space.partitions()[0] ?? '')
  db.exec('DROP TABLE request_text_pairs')
  db.close()
  expect((await space.run(['search', '语言'])).stderr).toContain('Hint: run: logdb fts build')
  await space.run(['fts', 'build'])
  expect(await found(space, ['语言'])).toHaveLength(1)
})

sqliteTest('a raw query that is not valid is a usage error with a hint', async () => {
  const space = await filled()
  const run = await space.run(['search', '--raw-query', '"unclosed'])
  expect([run.exitCode, run.stderr]).toEqual([
    2,
    expect.stringMatching(/not valid FTS5 syntax.*\nHint: leave --raw-query out/s),
  ])
})

sqliteTest('plain output is two lines a hit; control characters of a log do not reach the terminal', async () => {
  const space = workspace()
  space.write('requests-x.jsonl', jsonl([record({ request: chat('evil \u001b[2J text\nsecond line') })]))
  await space.ingest()
  const { stdout } = await space.run(['search', 'evil'])
  expect(stdout).toMatch(
    /^2025-09-10T12:00:00Z {2}user {2}gpt-4o {2}200 {2}[0-9a-f]{10}\n {4}evil {2}\[2J text second line\n$/,
  )
})

sqliteTest('on a terminal what was found stands out, unless NO_COLOR is set', async () => {
  const space = await filled()
  const bold = '\u001b[1m\u001b[33mtimeouts\u001b[39m\u001b[22m'
  expect((await space.run(['search', 'timeouts'], {}, { isTTY: true })).stdout).toContain(bold)
  expect((await space.run(['search', 'timeouts'], { NO_COLOR: '1' }, { isTTY: true })).stdout).not.toContain('\u001b')
})

sqliteTest('without an index search says what to type; a partly missing or old one is pointed out', async () => {
  const space = await filled({ LOGDB_FTS_ENABLED: 'false' })
  const without = await space.run(['search', 'rate'])
  expect([without.exitCode, without.stderr]).toEqual([1, expect.stringContaining('Hint: run: logdb fts build')])
  await space.run(['fts', 'build', '--to', '2025-09-10'])
  const part = await space.run(['search', 'rate', '--json'])
  expect(JSON.parse(part.stdout)).toMatchObject({
    result: [{ role: 'assistant' }, { role: 'user' }],
    warnings: [expect.stringContaining('has no text index')],
  })
  expect(part.stderr).toMatch(/ai_proxy_20250912.sqlite3: has no text index: logdb fts build/)
  space.write('requests-more.jsonl', jsonl([record({ x_request_id: 'm', request: chat('rate again') })]))
  await space.ingest({ env: { LOGDB_FTS_ENABLED: 'false' } })
  const stale = await space.run(['search', 'rate', '--to', '2025-09-10'])
  expect(stale.stderr).toMatch(/2 messages are not indexed yet: logdb fts build/)
})

sqliteTest('fts build and drop print the lines of the predecessor', async () => {
  const space = await filled({ LOGDB_FTS_ENABLED: 'false' })
  const [first = '', second = ''] = space.partitions()
  const built = `${first} indexed=4 skipped=0\n${second} indexed=2 skipped=0\n`
  const dry = { exitCode: 0, stdout: built, stderr: 'nothing was changed: this was a dry run\n' }
  expect(await space.run(['fts', 'build', '--dry-run'])).toEqual(dry)
  expect((await space.run(['search', 'rate'])).exitCode).toBe(1)
  expect(await space.run(['fts', 'build'])).toEqual({ exitCode: 0, stdout: built, stderr: '' })
  expect((await space.run(['fts', 'build'])).stdout).toBe(built)
  expect((await space.run(['fts', 'drop', '--dry-run'])).stdout).toBe(`${first} fts dropped\n${second} fts dropped\n`)
  expect((await space.run(['search', 'rate'])).exitCode).toBe(0)
  expect((await space.run(['fts', 'drop', '--since', '2025-09-12', '--to', '2025-09-12'])).stdout).toBe(
    `${second} fts dropped\n`,
  )
  expect(await space.run(['fts', 'build'], { LOGDB_FTS_ENABLED: 'false' })).toEqual({
    exitCode: 2,
    stdout: 'FTS disabled by LOGDB_FTS_ENABLED\n',
    stderr: '',
  })
  const db = await openDatabase(second)
  expect(db.prepare('SELECT count(*) AS n FROM requests').get()).toEqual({ n: 1 })
  expect(() => db.prepare('SELECT * FROM request_text_index')).toThrow('no such table')
  db.close()
})

sqliteTest('fts drop continues after a partition that it cannot open', async () => {
  const space = await filled()
  const [first = '', second = ''] = space.partitions()
  writeFileSync(first, 'no database')
  const run = await space.run(['fts', 'drop'])
  expect([run.exitCode, run.stdout]).toEqual([
    1,
    expect.stringMatching(/drop_error=.*not a SQLite database\n.*fts dropped\n$/s),
  ])
  expect(run.stdout.endsWith(`${second} fts dropped\n`)).toBe(true)
})

sqliteTest(
  'accents make no difference, also several on a letter, or written apart from it; a symbol ends a word',
  async () => {
    const space = workspace()
    const said = ['Việt Nam', 'Vie\u0323\u0302t Nam', 'done🙂', '🦊fox', 'a🫠b', '100₿', 'rate 🤖 limit']
    space.write(
      'requests-x.jsonl',
      jsonl(said.map((text, index) => record({ x_request_id: `x${index}`, request: chat(text) }))),
    )
    await space.ingest()
    const snippets = async (query: string) => (await found(space, [query])).map(({ snippet }) => snippet).sort()
    for (const query of ['viet', 'VIỆT', 'vie\u0323\u0302t'])
      expect(await snippets(query)).toEqual(said.slice(0, 2).sort())
    expect(await snippets('done')).toEqual(['done🙂'])
    expect(await snippets('fox')).toEqual(['🦊fox'])
    expect(await snippets('b')).toEqual(['a🫠b'])
    expect(await snippets('100')).toEqual(['100₿'])
    expect(await snippets('"rate limit"')).toEqual(['rate 🤖 limit'])
  },
)

sqliteTest('failed requests are found by their error, and requests that were logged in part by that part', async () => {
  const space = workspace()
  const failed = (id: string, fields: object) => record({ x_request_id: id, request: chat(id), ...fields })
  const busy = { error: { message: 'Rate limit reached', code: 'rate_limited' } }
  space.write(
    'requests-x.jsonl',
    jsonl([
      failed('a', { status_code: 429, response: busy, api_key_hash: 'k1' }),
      failed('b', { status_code: 503, response: busy, api_key_hash: 'k2' }),
      failed('c', { response: { error: 'no such upstream' } }),
      failed('d', { request: { model: 'm', _truncated: { bytes: 1e7, head: 'it began', tail: 'it ended' } } }),
      failed('e', { request: { _invalid_body: 'hardly JSON' } }),
    ]),
  )
  await space.ingest()
  const statuses = async (...args: string[]) =>
    (await found(space, args)).map((hit) => [hit['role'], hit['status_code']])
  expect(await statuses('rate limit')).toEqual([['error', 429]])
  expect(await statuses('rate limit', '--key', 'k2')).toEqual([['error', 503]])
  expect(await statuses('upstream', '--role', 'error')).toEqual([['error', 200]])
  expect(await statuses('began')).toEqual([['user', 200]])
  expect(await statuses('ended')).toEqual([['user', 200]])
  expect(await statuses('hardly')).toEqual([['user', 200]])
  expect((await space.run(['verify', '--deep'])).exitCode).toBe(0)
})

sqliteTest('a pasted text of thousands of words is refused with a hint that helps', async () => {
  const space = workspace()
  space.write('requests-1.jsonl', jsonl([record()]))
  await space.ingest()
  const words = Array.from({ length: 5000 }, (_, index) => `w${index}`).join(' ')
  const { exitCode, stderr } = await space.run(['search', words])
  expect([exitCode, stderr.split('\n')[0]]).toEqual([2, '✖ The query has too many words.'])
  expect(stderr).not.toContain('--raw-query')
})

sqliteTest(
  'words are found whatever their form, in partitions where those without any hit are passed over',
  async () => {
    const space = workspace()
    const texts = ['A Café, naïve rate-limit 🙂done', 'the Straße of 2025-09-10', 'snake_case x.y.z']
    const records = texts.map((text, index) =>
      record({ x_request_id: `${index}`, timestamp: `2025-09-1${index}T12:00:00Z`, request: chat(text) }),
    )
    space.write('requests-x.jsonl', jsonl(records))
    await space.ingest()
    const found = async (...words: string[]) => {
      const { stdout } = await space.run(['search', '--json', '--role', 'user', ...words])
      const { result, total } = JSON.parse(stdout)
      return [result.length, total.messages]
    }
    const hits = {
      CAFE: 1,
      'naïve café': 1,
      rate: 1,
      'rate-limit': 1,
      '"limit rate"': 0,
      done: 1,
      straße: 1,
      '09-10': 1,
      case: 1,
    }
    const others = { snake_case: 1, 'y.z': 1, nothing: 0, 'rate nothing': 0, 'rate NEAR/2 limit': 1, 'rate straße': 0 }
    for (const [query, count] of Object.entries({ ...hits, ...others })) {
      expect([query, await found(query)]).toEqual([query, [count, count]])
    }
    expect(await found('--raw-query', 'nothing OR caf*')).toEqual([1, 1])
    const runs = [record({ x_request_id: 'r', timestamp: '2025-09-14T12:00:00Z', request: chat('我们用Café编程语言') })]
    space.write('requests-runs.jsonl', jsonl(runs))
    await space.ingest()
    const nextToRun = {
      café: 2,
      cafe: 1,
      CAFÉ: 2,
      语言: 1,
      言: 1,
      编: 1,
      '语言 café': 1,
      '语言 rate': 0,
      用café: 1,
      fé: 0,
    }
    for (const [query, count] of Object.entries(nextToRun)) {
      expect([query, await found(query)]).toEqual([query, [count, count]])
    }
  },
)

const reasoned = (reasoning_content: string, content: string) => ({
  choices: [{ index: 0, message: { role: 'assistant', content, reasoning_content }, finish_reason: 'stop' }],
})

sqliteTest('an answer is found by words of which some are in it and others in its reasoning', async () => {
  const space = workspace()
  const asked = (id: string, response: unknown, fields: object = {}) => {
    const minute = id.charCodeAt(0) - 'a'.charCodeAt(0)
    const timestamp = `2025-09-10T10:0${minute}:00.000001Z`
    return record({ timestamp, x_request_id: id, request: chat(`question ${id}`), response, ...fields })
  }
  space.write(
    'requests-x.jsonl',
    jsonl([
      asked('a', reasoned('the harbour is far', 'take a boat')),
      asked('b', reasoned('no idea of ports', 'take a boat'), { status_code: 201 }),
      asked('c', reasoned('the harbour and the ferry', 'the ferry')),
      asked('d', reasoned('港口很远', '坐船去那里')),
      asked('e', completion('a harbour, or a boat'), { timestamp: '2025-09-10T09:00:00.000001Z' }),
      asked(
        'f',
        { error: 'x' },
        {
          request: {
            messages: [...chat('q').messages, reasoned('the harbour is far', 'take a boat').choices[0]?.message],
          },
          status_code: 502,
        },
      ),
    ]),
  )
  await space.ingest()
  const ids = await space.query<{ id: string; x: string }>('SELECT request_id AS id, x_request_id AS x FROM z_req')
  const names = new Map(ids.map(({ id, x }) => [id, x]))
  const hits = async (...args: string[]) => {
    const { stdout } = await space.run(['search', '--json', ...args])
    const { result, total } = JSON.parse(stdout)
    expect(total.messages).toBe(result.length)
    return result.map((hit: Record<string, string>) => `${names.get(hit['request_id'] ?? '')}: ${hit['snippet']}`)
  }
  const [a, e] = ['a: take a boat', 'e: a harbour, or a boat']
  expect(await hits('harbour boat')).toEqual([e, a])
  expect(await hits('boat harbour')).toEqual([e, a])
  expect(await hits('"is far" take')).toEqual([a])
  expect(await hits('ports boat')).toEqual(['b: take a boat'])
  expect(await hits('harbour ferry')).toEqual(['c: the harbour and the ferry'])
  expect(await hits('far question')).toEqual([])
  expect(await hits('港口 船')).toEqual(['d: 坐船去那里'])
  expect(await hits('harbour boat', '--role', 'assistant')).toEqual([e, a])
  expect(await hits('harbour boat', '--role', 'user')).toEqual([])
  expect(await hits('harbour boat', '--status', '502')).toEqual(['f: take a boat'])
  expect(await hits('ports boat', '--status', '200')).toEqual([])
  await space.run(['seal'])
  expect(await hits('harbour boat')).toEqual([e, a])
})
