import { expect, test } from 'vitest'
import { dialogWithFirst, errorOf, startGateway } from '../../helpers/gateway/gateway.ts'
import { event, reply, startRawUpstream, stream } from '../../helpers/gateway/raw-upstream.ts'

const KEYS = ['key-of-org-a', 'key-of-org-b']
/** A dialog that would use the second key; files are made with the first. */
const DIALOG = dialogWithFirst(KEYS.toReversed())
const ALICE = { authorization: 'Bearer alice-key-0123456789' }
const BOB = { authorization: 'Bearer bob-key-0123456789' }
const FORM = '--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'
const OPENROUTER = { 'x-provider': 'openrouter' }
const MULTIPART = { 'content-type': 'multipart/form-data; boundary=b', ...OPENROUTER }

async function startBefore(url: string) {
  return await startGateway({
    environment: {
      API_KEYS: 'alice:alice-key-0123456789,bob:bob-key-0123456789',
      OPENROUTER_API_KEY: KEYS.join(),
      OPENROUTER_BASE_URL: url,
    },
    mappings: { mine: 'openrouter:mine' },
  })
}

/** A provider with all APIs, which keeps `file-1` of Alice. */
async function startWithFile() {
  const upstream = await startRawUpstream((socket, { path }) => {
    const id = path.endsWith('/files') ? 'file-1' : 'resp_1'
    socket.write(reply(200, { id, object: 'x', status: 'completed', choices: [] }))
  })
  const gateway = await startBefore(upstream.url)
  expect((await gateway.post(FORM, { ...MULTIPART, ...ALICE }, '/v1/files')).status).toBe(200)
  upstream.requests.length = 0
  return { gateway, upstream }
}

const ofUser = (part: object) => [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, part] }]
const TEXT = ofUser({ type: 'text', text: 'Hi' })

test.for([
  ['a file of a chat', 'chat/completions', { messages: ofUser({ type: 'file', file: { file_id: 'file-1' } }) }],
  ['a file of a response', 'responses', { input: ofUser({ type: 'input_file', file_id: 'file-1' }) }],
  ['an image of a response', 'responses', { input: ofUser({ type: 'input_image', file_id: 'file-1' }) }],
  [
    'a file for a tool of a response',
    'responses',
    {
      input: 'Hi',
      tools: [{ type: 'code_interpreter', container: { type: 'auto', file_ids: ['file-x', 'file-1'] } }],
    },
  ],
  [
    'a document of a message',
    'messages',
    { messages: ofUser({ type: 'document', source: { type: 'file', file_id: 'file-1' } }) },
  ],
  [
    'a document that is only counted',
    'messages/count_tokens',
    { messages: ofUser({ type: 'document', source: { type: 'file', file_id: 'file-1' } }) },
  ],
] as const)('%s: only its owner may use it, with the key that made it', async ([, path, body]) => {
  const { gateway, upstream } = await startWithFile()
  const foreign = await gateway.post({ model: 'mine', ...body }, BOB, `/v1/${path}`)
  expect(foreign.status).toBe(404)
  if (!path.startsWith('messages')) {
    const param = JSON.stringify(body).includes('file_ids') ? 'file_ids' : 'file_id'
    expect(errorOf(foreign)).toMatchObject({ code: 'object_not_found', param })
  }
  expect(upstream.requests).toEqual([])
  expect((await gateway.post({ model: 'mine', ...body }, { ...ALICE, ...DIALOG }, `/v1/${path}`)).status).toBe(200)
  expect((await gateway.post({ model: 'mine', messages: TEXT }, { ...ALICE, ...DIALOG })).status).toBe(200)
  expect(upstream.requests.map(({ headers }) => headers['authorization'])).toEqual([
    'Bearer key-of-org-a',
    'Bearer key-of-org-b',
  ])
})

/** A message whose model made a file, in its form with and without a stream. */
const MADE = {
  block: {
    type: 'bash_code_execution_tool_result',
    tool_use_id: 'x',
    content: {
      type: 'bash_code_execution_result',
      content: [{ type: 'bash_code_execution_output', file_id: 'file-made' }],
    },
  },
  citing: { type: 'text', text: 'Hi', citations: [{ type: 'char_location', file_id: 'file-cited' }] },
}

test.for([false, true])(
  'files and containers that a model makes belong to the caller (stream: %s)',
  async (isStream) => {
    const container = { id: 'container_1', expires_at: 'x' }
    const message = { id: 'msg_1', type: 'message', role: 'assistant', content: [MADE.citing, MADE.block], container }
    const events = [
      { type: 'message_start', message: { ...message, content: [], container: null } },
      { type: 'content_block_start', index: 0, content_block: MADE.citing },
      { type: 'content_block_start', index: 1, content_block: MADE.block },
      { type: 'message_delta', delta: { stop_reason: 'end_turn', container } },
      { type: 'message_stop' },
    ]
    const streamed = stream(...events.map((one) => event(one)))
    const upstream = await startRawUpstream((socket, { path }) => {
      socket.end(path.startsWith('/messages') && isStream ? streamed : reply(200, message))
    })
    const gateway = await startBefore(upstream.url)
    const ask = async (key: object, more: object = {}) =>
      (await gateway.post({ model: 'mine', stream: isStream, messages: TEXT, ...more }, { ...key }, '/v1/messages'))
        .status
    // A container that a request names was made before.
    for (const key of [BOB, ALICE]) expect(await ask(key, { container: 'container_1' })).toBe(200)
    expect(await ask(ALICE)).toBe(200)
    for (const [key, status] of [
      [BOB, 404],
      [ALICE, 200],
    ] as const) {
      expect((await gateway.get('/v1/files/file-made', { ...key, ...OPENROUTER })).status).toBe(status)
      expect(await ask(key, { container: { id: 'container_1', skills: [] } })).toBe(status)
      expect((await gateway.get('/v1/files/file-cited', { ...key, ...OPENROUTER })).status).toBe(200)
    }
  },
)

test('a file that is not known goes to any key', async () => {
  const { gateway, upstream } = await startWithFile()
  const messages = ofUser({ type: 'file', file: { file_id: 'file-elsewhere' } })
  expect((await gateway.post({ model: 'mine', messages }, { ...BOB, ...DIALOG })).status).toBe(200)
  expect(upstream.requests[0]?.headers['authorization']).toBe('Bearer key-of-org-b')
})

test.for([
  ['chat/completions', `{"model":"mine","messages":[{"role":"user","content":[{"file":{"file\\u005fid":"file-1"}}]}]}`],
  ['responses', `{"model":"mine","input":"Hi","previous\\u005fresponse_id":"file-1"}`],
  ['chat/completions', `{"model":"mine","x":${'['.repeat(1200)}${']'.repeat(1200)},"messages":[{"file_id":"file-1"}]}`],
  ['chat/completions', `{"model":"mine","messages":[{"file":{"file_id":"file-1","file_id":"file-2"}}]}`],
  ['responses', `{"model":"mine","input":"Hi","previous_response_id":"file-1","previous_response_id":"resp_2"}`],
  ['responses', `{"model":"mine","input":"Hi","Previous_Response_Id":"file-1"}`],
  ['batches', `{"Input_File_Id":"file-1","input_file_id":"file-2"}`],
])('nothing in the form of a body hides an object from the check (%s)', async ([path, body]) => {
  const { gateway, upstream } = await startWithFile()
  expect((await gateway.post(body, BOB, `/v1/${path}`)).status).toBe(404)
  expect(upstream.requests).toEqual([])
})
