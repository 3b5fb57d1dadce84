import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { chat, chunksOf, errorOf, eventually, type TestGateway } from '../../helpers/gateway/gateway.ts'
import { chunk, DONE, event, startBeforeRaw, stream } from '../../helpers/gateway/raw-upstream.ts'

const STREAMED = chat('mine', { stream: true })
const call = (args: string) => ({ tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: args } }] })
const named = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
const TEXT = { type: 'text', text: '' }
const TOOL = { type: 'tool_use', id: 't', name: 'f', input: {} }
const started = (block: object) =>
  named('message_start', { message: { id: 'm', role: 'assistant', content: [], stop_reason: null } }) +
  named('content_block_start', { index: 0, content_block: block })
const stopped = (reason: string) => named('message_delta', { delta: { stop_reason: reason } }) + named('message_stop')
const response = (status: string, output: object[]) =>
  named(`response.${status}`, { response: { id: 'r', object: 'response', status, output } })

const ENDPOINTS = {
  '/v1/chat/completions': STREAMED,
  '/v1/completions': { model: 'mine', prompt: ['a', 'b'], stream: true },
  '/v1/responses': { model: 'mine', input: 'x', stream: true },
  '/v1/messages': { model: 'claude', max_tokens: 9, messages: [{ role: 'user', content: 'x' }], stream: true },
} as const
const text = (index: number, reason: string | null) => event({ choices: [{ index, text: 'x', finish_reason: reason }] })

async function startWith(events: string[]) {
  const { gateway } = await startBeforeRaw((socket) => void socket.end(stream(...events)), {
    mappings: { claude: 'claude:claude' },
  })
  return gateway
}

test.for([
  ['/v1/chat/completions', 'an empty reason', [chunk({ content: 'Hi' }, ''), DONE]],
  ['/v1/chat/completions', 'no reason', [chunk({ content: 'Hi' }), DONE]],
  [
    '/v1/chat/completions',
    'one choice of two that began',
    [chunk({ content: 'a' }, 'stop'), chunk({ content: 'b' }, null, 1), DONE],
  ],
  ['/v1/chat/completions', 'a call cut in its arguments', [chunk(call('{"city":"Os')), chunk({}, 'tool_calls'), DONE]],
  [
    '/v1/chat/completions',
    'content after the reason, and no mark of the end',
    [chunk({ content: 'a' }, 'stop'), chunk({ content: 'b' }, 'stop')],
  ],
  ['/v1/completions', 'one of two choices', [text(0, 'stop')]],
  ['/v1/responses', 'no last event', [named('response.created', { response: {} })]],
  [
    '/v1/responses',
    'a call cut in its arguments',
    [
      named('response.created', { response: {} }),
      response('completed', [{ type: 'function_call', arguments: '{"a":' }]),
    ],
  ],
  ['/v1/messages', 'no message_stop', [started(TEXT)]],
  [
    '/v1/messages',
    'a call cut in its arguments',
    [
      started(TOOL),
      named('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: '{"a"' } }),
      stopped('tool_use'),
    ],
  ],
] as const)('%s: a stream with %s is cut: an error, and no mark of the end', async ([endpoint, , events]) => {
  const gateway = await startWith([...events])
  const { status, text: got } = await gateway.post(ENDPOINTS[endpoint], {}, endpoint)
  expect(status).toBe(200)
  expect(got).not.toMatch(/\[DONE\]|message_stop|response\.completed/)
  expect(got.trimEnd().split('\n').at(-1)).toContain('Upstream connection closed before completion')
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'upstream_truncated', status_code: 200 }])
})

test.for([
  ['/v1/chat/completions', 'empty reasons until the last', [chunk({ content: 'Hi' }, ''), chunk({}, 'stop'), DONE]],
  ['/v1/chat/completions', 'a reason and no mark', [chunk({ content: 'Hi' }, 'stop')]],
  [
    '/v1/chat/completions',
    'a reason in every chunk',
    [chunk({ content: 'a' }, 'stop'), chunk({ content: 'b' }, 'stop'), DONE],
  ],
  ['/v1/chat/completions', 'a call that the limit cuts', [chunk(call('{"city":"Os')), chunk({}, 'length'), DONE]],
  [
    '/v1/chat/completions',
    'arguments that are wrong, not cut',
    [chunk(call("{'city':1}")), chunk({}, 'tool_calls'), DONE],
  ],
  ['/v1/chat/completions', 'a call without arguments', [chunk(call('')), chunk({}, 'tool_calls'), DONE]],
  ['/v1/completions', 'two choices for two prompts', [text(0, 'stop'), text(1, 'length')]],
  [
    '/v1/responses',
    'an incomplete response',
    [
      named('response.created', { response: {} }),
      response('incomplete', [{ type: 'function_call', arguments: '{"a":' }]),
    ],
  ],
  ['/v1/messages', 'a message', [started(TEXT), stopped('end_turn')]],
  [
    '/v1/messages',
    'a call that the limit cuts',
    [
      started(TOOL),
      named('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: '{"a"' } }),
      stopped('max_tokens'),
    ],
  ],
] as const)('%s: a stream with %s is whole, and arrives unchanged', async ([endpoint, , events]) => {
  const gateway = await startWith([...events])
  const { text: got } = await gateway.post(ENDPOINTS[endpoint], {}, endpoint)
  const sent = events.join('')
  const isMarked = sent.endsWith(DONE) || !endpoint.includes('completions')
  expect(got).toBe(isMarked ? sent : sent + DONE)
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'ok' }])
})

test('a provider that sends one choice of two and its mark of the end has answered', async () => {
  const gateway = await startWith([chunk({ content: 'a' }, 'stop'), DONE])
  expect((await gateway.post({ ...STREAMED, n: 2 })).text.endsWith(DONE)).toBe(true)
  const cut = await startWith([chunk({ content: 'a' }, 'stop')])
  expect((await cut.post({ ...STREAMED, n: 2 })).text).toContain('upstream_disconnected')
  expect(await cut.records(1)).toMatchObject([{ outcome: 'upstream_truncated' }])
})

test.for([[[]], [[': comment\n\n']], [[DONE]], [['data: {"choices":[]}\n\n', DONE]]])(
  'a stream with nothing in it (%j) is an error',
  async ([events]) => {
    const gateway = await startWith(events as string[])
    const { status, text: got } = await gateway.post(STREAMED)
    if (status === 200) expect(chunksOf(got).at(-1)).toMatchObject({ error: { code: 'upstream_disconnected' } })
    else expect([status, errorOf({ text: got }).code]).toEqual([502, 'upstream_disconnected'])
    expect(got).not.toContain('[DONE]')
    expect((await gateway.records(1))[0]?.outcome).toMatch(/^upstream_/)
  },
)

test.for([
  ['a byte order mark', `\ufeff${chunk({ content: 'a' })}${DONE}`],
  ['a field without a colon', `${chunk({ content: 'a' })}data\n\n${DONE}`],
  ['mixed line breaks', `${chunk({ content: 'a' }).trimEnd()}\n\r${DONE}`],
  ['more mixed line breaks', `${chunk({ content: 'a' }).trimEnd()}\r\r\n${DONE}`],
  ['line breaks of an old Mac', `${chunk({ content: 'a' })}${DONE}`.replaceAll('\n', '\r')],
] as const)('no mark of the end is sent after half an answer with %s', async ([, bytes]) => {
  for (const size of [bytes.length, 1, 3]) {
    const { gateway } = await startBeforeRaw(async (socket) => {
      socket.setNoDelay(true).write(stream())
      for (let at = 0; at < bytes.length; at += size) {
        socket.write(bytes.slice(at, at + size))
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      socket.end()
    })
    const { text: got } = await gateway.post(STREAMED)
    expect(got).not.toContain('[DONE]')
    expect(got).toContain('upstream_disconnected')
    expect(await gateway.records(1)).toMatchObject([{ outcome: 'upstream_truncated' }])
  }
})

test.for([undefined, null, 'no credit', { message: 'no credit' }])(
  'a response that failed with the error %j is an error',
  async (error) => {
    const failed = { response: { id: 'r', object: 'response', status: 'failed', output: [], error } }
    const sent = named('response.created', { response: {} }) + named('response.failed', failed)
    const gateway = await startWith([sent])
    expect((await gateway.post(ENDPOINTS['/v1/responses'], {}, '/v1/responses')).text).toBe(sent)
    expect(await gateway.records(1)).toMatchObject([{ outcome: 'upstream_error' }])
  },
)

test('the mark of the end after an error of the provider is left out', async () => {
  const failed = chunk({ content: 'a' }) + event({ error: { message: 'x', code: 400 } })
  const gateway = await startWith([failed, DONE, chunk({ content: 'b' })])
  expect((await gateway.post(STREAMED)).text).toBe(failed)
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'upstream_error' }])
})

/** Reads from a socket until this text has arrived, then closes it. */
async function leaveAt(gateway: TestGateway, endpoint: string, body: object, mark: string): Promise<void> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const json = JSON.stringify(body)
  const head = [
    `POST ${endpoint} HTTP/1.1`,
    'host: localhost',
    'content-type: application/json',
    `content-length: ${json.length}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${json}`)
  let got = ''
  socket.on('data', (bytes) => {
    got += bytes
  })
  await eventually(() => expect(got).toContain(mark))
  socket.destroy()
}

test.for([
  ['/v1/chat/completions', [chunk({ content: 'Hi' }), chunk({}, 'stop'), DONE], '[DONE]', 'ok'],
  ['/v1/chat/completions', [chunk({ content: 'Hi' }), chunk({}, 'stop')], '"stop"', 'client_aborted'],
  ['/v1/messages', [started(TEXT), stopped('end_turn')], 'message_stop', 'ok'],
  ['/v1/responses', [response('completed', [])], 'response.completed', 'ok'],
] as const)('%s: %#: a client that leaves when it has read %s', async ([endpoint, events, mark, outcome]) => {
  const { gateway } = await startBeforeRaw((socket) => void socket.write(stream(...events)), {
    mappings: { claude: 'claude:claude' },
  })
  await leaveAt(gateway, endpoint, ENDPOINTS[endpoint], mark)
  expect(await gateway.records(1)).toMatchObject([{ outcome, status_code: 200 }])
})
