import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { jsonl, record, timestampAt } from '../../helpers/logdb/logs.ts'
import { makeOlder } from '../../helpers/logdb/older-partition.ts'
import { sqliteTest } from '../../helpers/logdb/sqlite-test.ts'
import { type Workspace, workspace } from '../../helpers/logdb/workspace.ts'

const ANSWER = `The “zebra” crosses at noon\n${'It is a long answer, 编程语言 and all. '.repeat(20)}`
const question = { role: 'user', content: 'where is it?' }
const tool_calls = [
  {
    id: 'call_1',
    type: 'function',
    function: { name: 'look', arguments: '{"place":"the quagga enclosure, north side"}' },
  },
]
const openAi = (message: object) => ({ choices: [{ index: 0, message: { role: 'assistant', ...message } }] })
const parts = (...parts: object[]) => parts.map((part) => ({ type: 'text', ...part }))

/** An answer, and how a client repeats it in its next request. */
const FORMS: Record<string, { endpoint: string; answer: object; repeated: unknown }> = {
  'empty members': {
    endpoint: '/v1/chat/completions',
    answer: openAi({ content: ANSWER, refusal: null, annotations: [] }),
    repeated: { role: 'assistant', content: ANSWER },
  },
  'members that the client adds': {
    endpoint: '/v1/chat/completions',
    answer: openAi({ content: ANSWER }),
    repeated: { role: 'assistant', content: ANSWER, name: null, refusal: null },
  },
  reasoning: {
    endpoint: '/v1/chat/completions',
    answer: openAi({ content: ANSWER, reasoning_content: 'hm, the aardvark thinks' }),
    repeated: { role: 'assistant', content: ANSWER },
  },
  'a call of a tool': {
    endpoint: '/v1/chat/completions',
    answer: openAi({ content: ANSWER, refusal: null, tool_calls }),
    repeated: { role: 'assistant', content: parts({ text: ANSWER }), tool_calls },
  },
  'a mark for a cache': {
    endpoint: '/v1/messages',
    answer: { type: 'message', role: 'assistant', content: parts({ text: ANSWER }) },
    repeated: { role: 'assistant', content: parts({ text: ANSWER, cache_control: { type: 'ephemeral' } }) },
  },
  'the Responses API': {
    endpoint: '/v1/responses',
    answer: {
      output: [
        {
          type: 'message',
          id: 'msg_1',
          status: 'completed',
          role: 'assistant',
          content: [{ type: 'output_text', text: ANSWER, annotations: [] }],
        },
      ],
    },
    repeated: { role: 'assistant', content: ANSWER },
  },
}

function conversation({ endpoint, answer, repeated }: (typeof FORMS)[string]): object[] {
  const list = endpoint === '/v1/responses' ? 'input' : 'messages'
  const turn = (index: number, said: unknown[], response: object) => {
    const timestamp = timestampAt(index, '2025-09-10T12:00:00Z')
    return record({ timestamp, x_request_id: `turn-${index}`, endpoint, request: { [list]: said }, response })
  }
  return [
    turn(0, [question], answer),
    turn(1, [question, repeated, { role: 'user', content: 'and then?' }], openAi({ content: 'gone' })),
  ]
}

const bodies = ({ query }: Workspace) =>
  query<{ response_json: string }>('SELECT request_id, request_json, response_json FROM requests ORDER BY ts')
const hits = async ({ run }: Workspace, ...words: string[]) => {
  const { stdout } = await run(['search', '--json', ...words])
  return JSON.parse(stdout).result.length
}
/** All that is stored of messages. */
const texts = async ({ query }: Workspace) => {
  const found = await query<{ json: string }>('SELECT json FROM z_msg UNION ALL SELECT own FROM z_msg_piece')
  return found.map(({ json }) => json)
}
const storedTimes = async (space: Workspace) => (await texts(space)).filter((text) => text.includes('zebra')).length
const verified = async ({ run }: Workspace) => {
  const { exitCode, stderr } = await run(['verify', '--deep'])
  return [exitCode, stderr]
}

sqliteTest('an answer that the client repeats in another form is stored and found once, byte for byte', async () => {
  const space = workspace()
  const cases = Object.entries(FORMS).flatMap(([name, form]) => [
    { name, records: conversation(form), answer: form.answer },
    { name: `${name}, the repetition first`, records: conversation(form).reverse(), answer: form.answer },
  ])
  const onDay = (index: number) => (text: string) =>
    text.replaceAll('2025-09-10', `2025-09-${10 + index}`).replaceAll('zebra', `zebra${10 + index}`)
  for (const [index, { records }] of cases.entries()) {
    space.write(`requests-${index}.jsonl`, onDay(index)(jsonl(records)))
  }
  await space.ingest()
  expect(await hits(space, '语言')).toBe(cases.length)
  const [stored, requests] = [await texts(space), await bodies(space)]
  for (const [index, { name, answer }] of cases.entries()) {
    const since = `2025-09-${10 + index}T12:00:01`
    const found = [await hits(space, `zebra${10 + index}`), await hits(space, `zebra${10 + index}`, '--since', since)]
    expect([name, found, stored.filter((text) => text.includes(`zebra${10 + index}`)).length]).toEqual([
      name,
      [1, 1],
      1,
    ])
    const response = requests[2 * index]?.response_json ?? ''
    expect([name, JSON.parse(response)]).toEqual([name, JSON.parse(onDay(index)(JSON.stringify(answer)))])
  }
  expect(await verified(space)).toEqual([0, ''])
})

sqliteTest('what an answer thought is found too, also if the client repeated the answer without it first', async () => {
  for (const records of [
    conversation(FORMS['reasoning'] as never),
    conversation(FORMS['reasoning'] as never).reverse(),
  ]) {
    const space = workspace()
    space.write('requests-a.jsonl', jsonl(records))
    await space.ingest()
    expect([await hits(space, 'aardvark'), await hits(space, 'zebra')]).toEqual([1, 1])
  }
})

sqliteTest('later runs find the answers of earlier ones', async () => {
  const space = workspace()
  const [first, second] = conversation(FORMS['a call of a tool'] as never)
  space.write('requests-a.jsonl', jsonl([first]))
  await space.ingest()
  space.write('requests-b.jsonl', jsonl([second]))
  await space.ingest()
  expect([await hits(space, 'zebra'), await hits(space, 'quagga'), await storedTimes(space)]).toEqual([1, 1, 1])
})

sqliteTest('erasing the answer keeps its repetition, which is found then, and nothing else of it', async () => {
  for (const form of ['reasoning', 'a mark for a cache']) {
    const space = workspace()
    space.write('requests-a.jsonl', jsonl(conversation(FORMS[form] as never)))
    await space.ingest()
    const [, kept] = await bodies(space)
    const [answered] = await space.query<{ id: string }>(
      "SELECT request_id AS id FROM z_req WHERE x_request_id = 'turn-0'",
    )
    await space.run(['forget', '--request-id', answered?.id ?? '', '--yes'])
    expect(await bodies(space)).toEqual([kept])
    expect([form, await hits(space, 'zebra'), await hits(space, 'aardvark')]).toEqual([form, 1, 0])
    expect(await verified(space)).toEqual([0, ''])
    const [file] = space.partitions()
    expect([form, readFileSync(file ?? '').includes('aardvark')]).toEqual([form, false])
  }
})

sqliteTest('a partition of an earlier version stores what is new in this way', async () => {
  const space = workspace()
  const [first, second] = conversation(FORMS['empty members'] as never)
  space.write('requests-a.jsonl', jsonl([record({ x_request_id: 'old' })]))
  await space.ingest()
  for (const path of space.partitions()) await makeOlder(path, 8)
  space.write('requests-b.jsonl', jsonl([first, second]))
  await space.ingest()
  expect([await hits(space, 'zebra'), await storedTimes(space)]).toEqual([1, 1])
  expect(await verified(space)).toEqual([0, ''])
})

sqliteTest(
  'seal --rewrite converts partitions of earlier versions, sealed or not, and changes nothing else',
  async () => {
    const space = workspace()
    for (const [index, form] of Object.values(FORMS).entries()) {
      space.write(`requests-${index}.jsonl`, jsonl(conversation(form)).replaceAll('2025-09-10', `2025-09-1${index}`))
    }
    await space.ingest()
    await space.run(['seal', '--to', '2025-09-11'])
    const before = await bodies(space)
    for (const path of space.partitions()) await makeOlder(path, 8)
    expect(await hits(space, 'zebra')).toBe(2 * space.partitions().length)
    const { stdout } = await space.run(['seal', '--rewrite', '--dry-run', '--json'])
    expect(JSON.parse(stdout).result).toHaveLength(space.partitions().length)
    expect(await space.run(['seal', '--rewrite'])).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await bodies(space)).toEqual(before)
    expect([await hits(space, 'zebra'), await verified(space)]).toEqual([space.partitions().length, [0, '']])
    expect(await space.run(['seal', '--rewrite'])).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    expect(await space.ingest()).toMatchObject({ rowsInserted: 0, rowsDuplicate: 0 })
  },
)
