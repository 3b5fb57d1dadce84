import { expect } from 'vitest'
import { chat, completion, jsonl, record } from '../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const HISTORY = [
  { role: 'user', content: 'What is\na bee?' },
  { role: 'assistant', content: 'An insect.' },
]
const at = (time: string) => `2025-09-${time}.000001Z`

/** A dialog over midnight with a fork, one part of it named by the client; and one more request. */
async function filled(): Promise<Workspace> {
  const space = workspace()
  space.write(
    'requests-x.jsonl',
    jsonl([
      record({
        timestamp: at('10T23:59:00'),
        x_request_id: 'gw-1',
        request: chat('What is\na bee?'),
        response: completion('An insect.'),
        dialog_id: 'bees',
      }),
      record({
        timestamp: at('11T00:01:00'),
        x_request_id: 'gw-2',
        request: chat('And a wasp?', HISTORY),
        response: completion('Too.'),
        dialog_id: 'bees',
      }),
      record({
        timestamp: at('11T00:02:00'),
        x_request_id: 'gw-3',
        request: chat('Do they sting?', HISTORY),
        response: { error: { message: 'upstream failed' } },
        status_code: 502,
        outcome: 'upstream_error',
        finish_reason: null,
      }),
      record({
        timestamp: at('11T00:03:00'),
        x_request_id: 'gw-4',
        request: chat('other'),
        api_key_name: 'laptop',
        stream: true,
      }),
    ]),
  )
  await space.ingest()
  return space
}

async function ids(space: Workspace): Promise<string[]> {
  const rows = await space.query<{ request_id: string }>('SELECT request_id FROM requests ORDER BY ts')
  return rows.map(({ request_id }) => request_id)
}

sqliteTest('show prints a request in readable form, by any of its names', async () => {
  const space = await filled()
  const [, , , id = ''] = await ids(space)
  const { exitCode, stdout, stderr } = await space.run(['show', 'gw-4'])
  expect([exitCode, stderr]).toEqual([0, ''])
  expect(stdout).toBe(`request  ${id}  gw-4
time     2025-09-11T00:03:00.000001Z
endpoint /v1/chat/completions  openrouter  streamed
model    gpt-4o -> openai/gpt-4o
status   200  ok  stop  13 ms, first byte after 3 ms
tokens   7 in, 5 out
key      laptop  0123456789abcdef

user
  other
assistant
  Hello
`)
  expect((await space.run(['show', id])).stdout).toBe(stdout)
  expect((await space.run(['show', id.slice(0, 12)])).stdout).toBe(stdout)
})

sqliteTest('show --json gives all facts, with the bodies', async () => {
  const space = await filled()
  const { stdout } = await space.run(['show', 'gw-3', '--json'])
  const { ok, verb, result } = JSON.parse(stdout)
  expect([ok, verb, result.status_code, result.outcome, result.dialog_id]).toEqual([
    true,
    'show',
    502,
    'upstream_error',
    null,
  ])
  expect(result.request).toEqual(chat('Do they sting?', HISTORY))
  expect(result.turns.at(-1)).toEqual({ role: 'error', parts: [{ kind: 'text', text: 'upstream failed' }] })
  expect(result).not.toHaveProperty('request_json')
})

sqliteTest('an id that fits none or several is an error with the next step', async () => {
  const space = await filled()
  for (const verb of ['show', 'dialog']) {
    expect(await space.run([verb, 'nothing'])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/no request or dialog nothing\.\nHint: find ids with: logdb search/),
    })
  }
  const copies = workspace()
  copies.write(
    'requests-x.jsonl',
    jsonl([1, 2].map((second) => record({ timestamp: at(`10T10:00:0${second}`), x_request_id: 'same' }))),
  )
  await copies.ingest()
  const { exitCode, stderr } = await copies.run(['show', 'same'])
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringMatching(/fits several requests:\n[0-9a-f]{64}\n[0-9a-f]{64}\nHint/),
  ])
})

sqliteTest('dialog prints what each request adds, even over midnight', async () => {
  const space = await filled()
  const [first = '', second = ''] = await ids(space)
  const { exitCode, stdout } = await space.run(['dialog', 'bees'])
  expect(exitCode).toBe(0)
  expect(
    stdout,
  ).toBe(`#1  2025-09-10T23:59:00.000001Z  gpt-4o -> openai/gpt-4o  200  ok  stop  13 ms, first byte after 3 ms  ${first.slice(0, 10)}
user
  What is
  a bee?
assistant
  An insect.

#2  2025-09-11T00:01:00.000001Z  gpt-4o -> openai/gpt-4o  200  ok  stop  13 ms, first byte after 3 ms  ${second.slice(0, 10)}
user
  And a wasp?
assistant
  Too.

`)
})

sqliteTest('dialog of a request prints all that continues the same conversation, and where it forks', async () => {
  const space = await filled()
  const [first, second, third = ''] = await ids(space)
  const { stdout } = await space.run(['dialog', third.slice(0, 16), '--json'])
  const steps: { request_id: string; goes_on_from: string | null; turns: unknown[] }[] = JSON.parse(stdout).result
  expect(steps.map(({ request_id, goes_on_from, turns }) => [request_id, goes_on_from, turns.length])).toEqual([
    [first, null, 2],
    [second, first, 2],
    [third, first, 2],
  ])
  expect((await space.run(['dialog', third])).stdout).toContain('continues #1')
  expect((await space.run(['dialog', 'gw-4'])).stdout.match(/^#/gm)).toHaveLength(1)
})

sqliteTest('an id from dialogs assign finds the same', async () => {
  const space = await filled()
  await space.run(['dialogs', 'assign', '--by', 'prefix'])
  const [{ dialog_id } = { dialog_id: '' }] = await space.query<{ dialog_id: string }>(
    'SELECT dialog_id FROM requests WHERE status_code = 502',
  )
  expect((await space.run(['dialog', dialog_id])).stdout.match(/^#/gm)).toHaveLength(1)
})

sqliteTest('control characters of a log do not reach the terminal', async () => {
  const space = workspace()
  space.write('requests-x.jsonl', jsonl([record({ request: chat('a\u001b[2J\tb\r\nc') })]))
  await space.ingest()
  expect((await space.run(['show', 'req-1'])).stdout).toContain('user\n  a [2J\tb \n  c\n')
  expect((await space.run(['show', 'req-1'], {}, { isTTY: true })).stdout).toContain('\u001b[1m\u001b[36muser')
})

sqliteTest('the beginning of an id may have any length, and an x-request-id comes before it', async () => {
  const space = await filled()
  const all = await ids(space)
  for (const id of all) {
    for (const length of [1, 2, 3, 5, 63]) {
      const start = id.slice(0, length)
      const { exitCode, stdout } = await space.run(['show', start, '--json'])
      const fitting = all.filter((other) => other.startsWith(start))
      expect([start, exitCode]).toEqual([start, fitting.length === 1 ? 0 : 1])
      if (exitCode === 0) expect(JSON.parse(stdout).result.request_id).toBe(id)
    }
  }
  const [first = ''] = all
  space.write('requests-y.jsonl', jsonl([record({ timestamp: at('12T00:00:00'), x_request_id: first.slice(0, 6) })]))
  await space.ingest()
  const { stdout } = await space.run(['show', first.slice(0, 6), '--json'])
  expect(JSON.parse(stdout).result.x_request_id).toBe(first.slice(0, 6))
})

sqliteTest('an x-request-id is found by an index', async () => {
  const space = await filled()
  const sql = "EXPLAIN QUERY PLAN SELECT request_id FROM z_req WHERE request_id = 'gw-1' OR x_request_id = 'gw-1'"
  const plan = await space.query<{ detail: string }>(sql)
  expect(plan.map(({ detail }) => detail).join('\n')).toContain('req_by_x_request_id')
  expect(plan.map(({ detail }) => detail).join('\n')).not.toContain('SCAN')
})
