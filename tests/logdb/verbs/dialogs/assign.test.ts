import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseWindow } from '../../../../logdb/verbs/dialogs/window.ts'
import { chat, completion, jsonl, record } from '../../../helpers/logdb/logs.ts'
import { sqliteTest } from '../../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../../helpers/logdb/workspace.ts'

test.each([
  ['30m', 1800],
  ['45s', 45],
  ['2h', 7200],
  ['1800', 1800],
  ['500ms', 1],
  ['0', 1],
  [' 5M ', 300],
  ['soon', undefined],
  ['-5m', undefined],
  ['', undefined],
])('the window %j', (text, windowS) => {
  expect(parseWindow(text)).toBe(windowS)
})

/** As the predecessor makes it. */
function dialogId(key: string, endpoint: string, model: string, firstTs: number): string {
  const digest = createHash('sha256').update(`${key}|${endpoint}|${model}|${firstTs}`).digest('hex')
  return `dlg-${digest.slice(0, 16)}`
}

let count = 0

/** A request at a UTC time. */
function at(time: string, fields: Parameters<typeof record>[0] = {}) {
  return record({ timestamp: `${time}.000001Z`, x_request_id: `r${count++}`, api_key_hash: 'k1', ...fields })
}

async function filled(records: unknown[], env: Record<string, string> = {}): Promise<Workspace> {
  const space = workspace()
  space.write('requests-x.jsonl', jsonl(records))
  await space.ingest({ env })
  return space
}

async function dialogs(space: Workspace): Promise<(string | null)[]> {
  const rows = await space.query<{ dialog_id: string | null }>('SELECT dialog_id FROM requests ORDER BY ts, request_id')
  return rows.map(({ dialog_id }) => dialog_id)
}

const CHAT = '/v1/chat/completions'
const MODEL = 'openai/gpt-4o'
const ts = (time: string) => Date.parse(`${time}Z`) / 1000

sqliteTest('a pause that is longer than the window begins a new dialog, with the id of the predecessor', async () => {
  const space = await filled([
    at('2025-09-10T10:00:00'),
    at('2025-09-10T10:30:00'),
    at('2025-09-10T11:00:01'),
    at('2025-09-10T11:00:02', { api_key_hash: null, model_mapped: null }),
  ])
  const { exitCode, stdout, stderr } = await space.run(['dialogs', 'assign', '--window', '30m'])
  expect([exitCode, stdout, stderr]).toEqual([0, `${space.partitions()[0]} updated=4\n`, ''])
  const [first, second] = [ts('2025-09-10T10:00:00'), ts('2025-09-10T11:00:01')]
  expect(await dialogs(space)).toEqual([
    dialogId('k1', CHAT, MODEL, first),
    dialogId('k1', CHAT, MODEL, first),
    dialogId('k1', CHAT, MODEL, second),
    dialogId('', CHAT, '', second + 1),
  ])
})

sqliteTest('the default is 30 minutes, also for a value that is not a time', async () => {
  const space = await filled([at('2025-09-10T10:00:00'), at('2025-09-10T10:30:00'), at('2025-09-10T11:00:01')])
  expect((await space.run(['dialogs', 'assign'])).stderr).toBe('')
  const ids = await dialogs(space)
  expect(new Set(ids).size).toBe(2)
  const { exitCode, stderr } = await space.run(['dialogs', 'assign', '--window', 'soon'])
  expect([exitCode, stderr]).toEqual([0, '--window soon is not a time like 45s, 30m or 2h: 1800s is used\n'])
  expect(await dialogs(space)).toEqual(ids)
})

sqliteTest('a dialog continues over midnight and further, whichever day it is assigned from', async () => {
  const hours = Array.from({ length: 72 }, (_, hour) =>
    new Date(Date.UTC(2025, 8, 10, hour)).toISOString().slice(0, 19),
  )
  const often = hours.map((time) => at(time))
  const once = [
    at('2025-09-11T23:50:00', { endpoint: '/v1/embeddings' }),
    at('2025-09-12T00:10:00', { endpoint: '/v1/embeddings' }),
  ]
  const space = await filled([...often, ...once])
  await space.run(['dialogs', 'assign', '--window', '2h'])
  const expected = await dialogs(space)
  expect(new Set(expected)).toEqual(
    new Set([
      dialogId('k1', CHAT, MODEL, ts('2025-09-10T00:00:00')),
      dialogId('k1', '/v1/embeddings', MODEL, ts('2025-09-11T23:50:00')),
    ]),
  )
  await space.run(['dialogs', 'clear'])
  for (const day of ['2025-09-12', '2025-09-10', '2025-09-11']) {
    await space.run(['dialogs', 'assign', '--window', '2h', '--since', day, '--to', day])
  }
  expect(await dialogs(space)).toEqual(expected)
})

sqliteTest('weekly partitions are grouped in the same way', async () => {
  const records = [at('2025-09-14T23:50:00'), at('2025-09-15T00:05:00'), at('2025-09-16T00:05:00')]
  const [daily, weekly] = [await filled(records), await filled(records, { LOGDB_PARTITION_GRANULARITY: 'weekly' })]
  expect([daily.partitions().length, weekly.partitions().length]).toEqual([3, 2])
  for (const space of [daily, weekly]) await space.run(['dialogs', 'assign'])
  expect(await dialogs(weekly)).toEqual(await dialogs(daily))
  expect(new Set(await dialogs(daily)).size).toBe(2)
})

/** Requests of one conversation: the first words, then each answer and what was said after it. */
function turns(words: string[], start: string, fields: Parameters<typeof record>[0] = {}) {
  const history: { role: string; content: string }[] = []
  return words.map((word, index) => {
    const time = new Date(Date.parse(`${start}Z`) + index * 60_000).toISOString().slice(0, 19)
    const request = chat(word, [...history])
    history.push({ role: 'user', content: word }, { role: 'assistant', content: `re ${word}` })
    return at(time, { request, response: completion(`re ${word}`), ...fields })
  })
}

sqliteTest(
  'by prefix, requests that continue one another belong together: across keys, pauses, forks and days',
  async () => {
    const long = turns(['a', 'b', 'c', 'd'], '2025-09-10T23:58:00')
    const fork = turns(['a', 'b', 'other'], '2025-09-20T10:00:00', { api_key_hash: 'k2' }).slice(2)
    const apart = turns(['x', 'b'], '2025-09-10T23:58:30')
    const space = await filled([...long, ...fork, ...apart])
    const { stdout } = await space.run(['dialogs', 'assign', '--by', 'prefix'])
    expect(stdout).toBe(
      space
        .partitions()
        .map((path, index) => `${path} updated=${[4, 2, 1][index]}\n`)
        .join(''),
    )
    const ids = await dialogs(space)
    expect(ids[0]).toMatch(/^cnv-[0-9a-f]{16}$/)
    expect(ids.map((id) => (id === ids[0] ? 'long' : 'apart'))).toEqual([
      'long',
      'apart',
      'long',
      'apart',
      'long',
      'long',
      'long',
    ])
  },
)

const text = (words: string, more: object = {}) => ({ type: 'text', text: words, ...more })
const said = (role: string, content: unknown, more: object = {}) => ({ role, content, ...more })

/** Two turns of one conversation as today's clients send them. */
const CLIENTS: Record<string, [first: unknown[], second: unknown[]]> = {
  'a mark for the cache that moves': [
    [said('user', [text('a', { cache_control: { type: 'ephemeral' } })])],
    [said('user', [text('a')]), said('assistant', [text('b')]), said('user', [text('c', { cache_control: {} })])],
  ],
  'a text that becomes a list of one text': [
    [said('user', 'a')],
    [said('user', [text('a')]), said('assistant', 'b'), said('user', 'c')],
  ],
  'empty members that come and go': [
    [said('user', 'a'), said('assistant', 'b', { refusal: null, annotations: [] }), said('user', 'c')],
    [said('user', 'a'), said('assistant', 'b', { tool_calls: [] }), said('user', 'c'), said('assistant', 'd')],
  ],
  'instructions with the time of day': [
    [said('system', 'Today is Monday, September 15, 2025, 9:41 am.'), said('user', 'a')],
    [said('system', 'Today is Tuesday, October 7, 2025, 12:02 pm.'), said('user', 'a'), said('assistant', 'b')],
  ],
}

for (const [what, [first, second]] of Object.entries(CLIENTS)) {
  sqliteTest(`by prefix, ${what} does not end a conversation`, async () => {
    const other = [said('system', 'Speak French.'), said('user', 'other')]
    const space = await filled(
      [first, second, other].map((messages, index) => at(`2025-09-1${index}T10:00:00`, { request: { messages } })),
    )
    await space.run(['dialogs', 'assign', '--by', 'prefix'])
    const ids = await dialogs(space)
    expect([ids[0] === ids[1], ids[0] === ids[2]]).toEqual([true, false])
  })
}

sqliteTest('by prefix, a request follows the answer that it names', async () => {
  const request = (input: string, previous?: string) => ({ input, previous_response_id: previous })
  const answer = (id: string) => ({ id, output: [{ type: 'message', role: 'assistant', content: [] }] })
  const call = (time: string, input: string, id: string, previous?: string) =>
    at(time, { endpoint: '/v1/responses', request: request(input, previous), response: answer(id) })
  const space = await filled([
    call('2025-09-10T10:00:00', 'a', 'resp_1'),
    call('2025-09-11T10:00:00', 'go', 'resp_2', 'resp_1'),
    call('2025-09-12T10:00:00', 'go', 'resp_3', 'resp_2'),
    call('2025-09-12T11:00:00', 'go', 'resp_9', 'resp_unknown'),
  ])
  await space.run(['dialogs', 'assign', '--by', 'prefix'])
  const [first, second, third, other] = await dialogs(space)
  expect([second, third, other === first]).toEqual([first, first, false])
})

sqliteTest('by prefix, the order in which days are read and assigned makes no difference', async () => {
  const days = [
    [...turns(['a', 'b', 'c'], '2025-09-10T10:00:00').slice(1)],
    [...turns(['a'], '2025-09-11T10:00:00'), ...turns(['a', 'b', 'c', 'd'], '2025-09-11T11:00:00').slice(3)],
  ]
  const found: unknown[] = []
  for (const order of [days, days.toReversed()]) {
    const space = await filled([])
    for (const [index, records] of order.entries()) {
      space.write(`requests-${index}.jsonl`, jsonl(records))
      await space.ingest()
      await space.run(['dialogs', 'assign', '--by', 'prefix'])
    }
    found.push(await dialogs(space))
    expect(new Set(await dialogs(space)).size).toBe(1)
  }
  expect(found[0]).toEqual(found[1])
})

sqliteTest('by prefix, the assigned days make no difference; requests without messages have no dialog', async () => {
  const records = [...turns(['a', 'b', 'c', 'd'], '2025-09-10T23:58:00'), at('2025-09-10T12:00:00', { request: {} })]
  const [whole, single] = [await filled(records), await filled(records)]
  await whole.run(['dialogs', 'assign', '--by', 'prefix'])
  await single.run(['dialogs', 'assign'])
  for (const day of ['2025-09-11', '2025-09-10']) {
    await single.run(['dialogs', 'assign', '--by', 'prefix', '--since', day, '--to', day])
  }
  expect(await dialogs(single)).toEqual(await dialogs(whole))
  expect((await dialogs(whole))[0]).toBeNull()
})

sqliteTest('what the client sent is neither assigned nor cleared, and is not part of a dialog of others', async () => {
  const space = await filled([
    at('2025-09-10T10:00:00'),
    at('2025-09-10T10:20:00', { dialog_id: 'mine' }),
    at('2025-09-10T10:40:00'),
  ])
  await space.run(['dialogs', 'assign'])
  const ids = await dialogs(space)
  expect([ids[1], ids[0] === ids[2]]).toEqual(['mine', false])
  expect((await space.run(['dialogs', 'clear'])).stdout).toBe(`${space.partitions()[0]} cleared=2\n`)
  expect(await dialogs(space)).toEqual([null, 'mine', null])
  expect(JSON.parse((await space.run(['dialogs', 'clear', '--json'])).stdout)).toEqual({
    ok: true,
    verb: 'dialogs clear',
    dry_run: false,
    result: [{ path: space.partitions()[0], cleared: 0 }],
    warnings: [],
  })
})

sqliteTest('a dry run changes nothing', async () => {
  const space = await filled([at('2025-09-10T10:00:00')])
  const [path] = space.partitions()
  const dry = await space.run(['dialogs', 'assign', '--dry-run'])
  expect(dry).toEqual({
    exitCode: 0,
    stdout: `${path} updated=1\n`,
    stderr: 'nothing was changed: this was a dry run\n',
  })
  expect(await dialogs(space)).toEqual([null])
  await space.run(['dialogs', 'assign'])
  expect((await space.run(['dialogs', 'clear', '--dry-run'])).stdout).toBe(`${path} cleared=1\n`)
  expect(await dialogs(space)).not.toEqual([null])
})

sqliteTest('switched off, both give the line of the predecessor', async () => {
  const space = await filled([])
  for (const verb of ['assign', 'clear']) {
    expect(await space.run(['dialogs', verb], { LOGDB_GROUPING_ENABLED: 'false' })).toEqual({
      exitCode: 2,
      stdout: 'Dialogs disabled by LOGDB_GROUPING_ENABLED\n',
      stderr: '',
    })
  }
  expect(await space.run(['dialogs', 'assign'])).toMatchObject({ exitCode: 0, stdout: '' })
})
