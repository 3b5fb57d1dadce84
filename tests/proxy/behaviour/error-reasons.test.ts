import { expect, test } from 'vitest'
import { chat, errorOf } from '../../helpers/gateway/gateway.ts'
import { reply, startBeforeRaw } from '../../helpers/gateway/raw-upstream.ts'

const LONG = `Range of input length should be [1, 30720]. ${'x'.repeat(2_000)}`

test.for([
  [400, 'text/plain', 'max_tokens is too large: 99999.', 'max_tokens is too large: 99999.'],
  [503, 'text/html', '<html><title>Down until 14:00</title></html>', 'Down until 14:00'],
  [400, 'text/event-stream', `event:error\ndata:{"message":"${LONG}"}\n\n`, `${LONG.slice(0, 499)}…`],
  [400, 'application/json', '[{"error":{"code":400,"message":"Unknown name"}}]', 'Unknown name'],
  [422, 'application/json', '{"detail":[{"msg":"Field required"}]}', 'Field required'],
  [404, 'application/json', '{"error":"model not found"}', 'model not found'],
] as const)(
  '%i, %s: the reason is in the error object, and the log has all of it',
  async ([status, type, body, reason]) => {
    const { gateway } = await startBeforeRaw((socket) => void socket.end(reply(status, body, type)))
    for (const stream of [false, true]) {
      const response = await gateway.post(chat('mine', { stream }))
      expect([response.status, response.headers['content-type']]).toEqual([status, 'application/json'])
      expect(errorOf(response)).toEqual({
        message: `openai answered with status ${status}: ${reason}`,
        type: status < 500 ? 'invalid_request_error' : 'server_error',
        param: null,
        code: 'upstream_error',
      })
    }
    const upstream = type === 'application/json' ? JSON.parse(body) : body
    for (const record of await gateway.records(2)) {
      expect(record).toMatchObject({ outcome: 'upstream_error', response: { error: {}, _upstream_body: upstream } })
    }
  },
)

test('the reason is also in an error of Anthropic’s form', async () => {
  const { gateway } = await startBeforeRaw((socket) => void socket.end(reply(400, 'too long', 'text/plain')), {
    mappings: { claude: 'claude:claude' },
  })
  const { status, text } = await gateway.post({ model: 'claude', messages: [{}] }, {}, '/v1/messages')
  expect([status, JSON.parse(text).error]).toEqual([
    400,
    { type: 'invalid_request_error', message: 'claude answered with status 400: too long' },
  ])
})

test('why a key is refused is in the log of the operator and in the record, not in the answer', async () => {
  const error = { message: 'Project archived, create a new one', code: 'x' }
  const { gateway } = await startBeforeRaw((socket) => void socket.end(reply(401, { error })))
  const response = await gateway.post(chat('mine'))
  expect([response.status, errorOf(response).code]).toEqual([502, 'upstream_auth_error'])
  expect(response.text).not.toContain('archived')
  expect(gateway.operatorLog.join('')).toContain('"reason":"Project archived, create a new one"')
  expect((await gateway.records(1))[0]?.response).toMatchObject({ _upstream_body: { error } })
})

test('what must not be stored is not in that reason either', async () => {
  const message = `${'w'.repeat(480)} of jo@example.com`
  const { gateway } = await startBeforeRaw((socket) => void socket.end(reply(401, { error: { message } })), {
    config: { log: { redact: ['emails'] } },
  })
  await gateway.post(chat('mine'))
  await gateway.records(1)
  expect(gateway.operatorLog.join('')).toMatch(/"reason":"w{480} of (\[email\])?/)
  expect(gateway.operatorLog.join('')).not.toContain('jo@')
})

test('an error whose body does not end is reported with what has arrived', async () => {
  const text = '<title>Busy</title>'
  const head = 'HTTP/1.1 503 X\r\ncontent-type: text/html\r\ncontent-length: 1000\r\n\r\n'
  const { gateway } = await startBeforeRaw((socket) => void socket.write(`${head}${text}`))
  const response = await gateway.post(chat('mine'))
  expect([response.status, errorOf(response).message]).toEqual([503, 'openai answered with status 503: Busy'])
})
