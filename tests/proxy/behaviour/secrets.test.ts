import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chat, logFiles, type TestGateway } from '../../helpers/gateway/gateway.ts'
import { chunk, completion, DONE, event, reply, startBeforeRaw, stream } from '../../helpers/gateway/raw-upstream.ts'

const KEY = 'AIza-the/upstream-key'
const ENVIRONMENT = { OPENAI_API_KEY: KEY }
const ESCAPED = KEY.replace('/', '\\/')
const ERROR = { error: { message: `Consumer 'api_key:${KEY}' has been suspended.`, code: 400 } }
const EVENT_ERROR = event(ERROR)

/** What was sent, logged and shown to the operator. */
async function everything(gateway: TestGateway, texts: string[]): Promise<string> {
  await gateway.records(texts.length)
  const log = logFiles(gateway.logDir).map((file) => readFileSync(join(gateway.logDir, file), 'utf8'))
  return [...texts, ...log, ...gateway.operatorLog].join('\n')
}

function expectHidden(text: string): void {
  for (const form of [KEY, ESCAPED, encodeURIComponent(KEY)]) expect(text).not.toContain(form)
  expect(text).toContain('***')
}

test.for([
  ['JSON', reply(400, ERROR)],
  ['escaped JSON', reply(403, JSON.stringify(ERROR).replaceAll('/', '\\/'))],
  ['a URL in text', reply(500, `no route to /v1?key=${encodeURIComponent(KEY)}`, 'text/plain')],
  ['HTML', reply(503, `<html><title>${KEY}</title></html>`, 'text/html')],
  ['the refusal of the key', reply(401, ERROR)],
  ['{detail}', reply(422, { detail: `bad key ${KEY}` })],
  ['an error with status 200', reply(200, ERROR)],
  ['a body that is no JSON with status 200', reply(200, `key ${KEY}`)],
  ['a header', reply(400, { error: { message: 'x' } }, 'application/json', `x-ratelimit-key: ${KEY}\r\n`)],
  ['a body that ends too early', `${reply(400, ERROR).slice(0, -3)}`],
  ['the first event', stream(EVENT_ERROR)],
  ['a later event', stream(chunk({ content: 'Hi' }), EVENT_ERROR)],
  ['an event of another form', stream(chunk({ content: 'Hi' }), `event: error\ndata: no credit on ${KEY}\n\n`)],
  ['a long {detail} with status 200', reply(200, { detail: `bad key ${KEY} ${'A'.repeat(3000)}` })],
  [
    'a list of errors with status 200',
    reply(200, { detail: [{ loc: ['choices'], msg: KEY, input: 'A'.repeat(3000) }] }),
  ],
  ['a very long error with status 200', reply(200, { error: { message: `${KEY} ${'A'.repeat(300_000)}` } })],
  ['a very long {detail} with status 200', reply(200, { id: 'x', detail: `${'A'.repeat(300_000)} ${KEY}` })],
  ['a {detail} event', stream(chunk({ content: 'Hi' }), event({ detail: KEY }))],
] as const)('a key of the gateway in %s reaches neither the client nor a log', async ([, bytes]) => {
  const { gateway } = await startBeforeRaw((socket) => void socket.end(bytes), { environment: ENVIRONMENT })
  const { text, headers } = await gateway.post(chat('mine', { stream: bytes.includes('event-stream') }))
  expectHidden(await everything(gateway, [`${JSON.stringify(headers)} ${text}`]))
  expect(gateway.gateway.metrics.masked).toBe(1)
})

const LONG = `${KEY} ${'A'.repeat(300_000)}`
const FAILED = { type: 'response.failed', response: { object: 'response', status: 'failed', error: `bad key ${KEY}` } }
const HI = chunk({ content: 'Hi' })

test.for([
  ['/v1/messages', 'text in an error event', `event: error\ndata: bad key ${KEY}\n\n`],
  ['/v1/responses', 'text in an error event', `event: error\ndata: bad key ${KEY}\n\n`],
  ['/v1/messages', 'an object in an error event', `event: error\ndata: {"reason":"bad key ${KEY}"}\n\n`],
  ['/v1/responses', 'an object in an error event', `event: error\ndata: {"reason":"${KEY}","code":"x"}\n\n`],
  ['/v1/responses', 'a failed response', `event: response.failed\n${event(FAILED)}`],
  ['/v1/chat/completions', 'an event of text', `${HI}data: bad key ${KEY}\n\n`],
  ['/v1/chat/completions', 'text after content without a break', `${HI}data: bad key ${KEY}\r\n\r\n${HI}`],
  ['/v1/chat/completions', 'a line of JSON', `${HI}{"error":{"message":"bad key ${KEY}"}}\n\n`],
  ['/v1/chat/completions', 'a comment after content', `${HI}: ${KEY}\n\n`],
  ['/v1/chat/completions', 'a long error event', HI + event({ error: { message: LONG } })],
  ['/v1/chat/completions', 'a long error event that comes first', event({ error: { message: LONG } })],
  ['/v1/messages', 'a long error event', `event: error\n${event({ type: 'error', error: { message: LONG } })}`],
] as const)('%s: a key in %s of a stream is hidden', async ([endpoint, , bytes]) => {
  const { gateway } = await startBeforeRaw((socket) => void socket.end(stream(bytes)), {
    environment: { ...ENVIRONMENT, ANTHROPIC_API_KEY: KEY },
    mappings: { claude: 'claude:claude' },
  })
  const model = endpoint === '/v1/messages' ? 'claude' : 'mine'
  const { text } = await gateway.post({ ...chat(model, { stream: true }), input: 'x', max_tokens: 9 }, {}, endpoint)
  const all = await everything(gateway, [text])
  for (const form of [KEY, ESCAPED]) expect(all.includes(form)).toBe(false)
  expect(text).toContain('***')
  expect((await gateway.records(1))[0]?.outcome).not.toBe('ok')
})

test('the content next to text that is not an event stays as it is', async () => {
  const content = chunk({ content: KEY })
  const sent = [`${content}data: bad ${KEY}\n\n`, `: ${KEY}\n${content}`, chunk({}, 'stop'), DONE].join('')
  const { gateway } = await startBeforeRaw((socket) => void socket.end(stream(sent)), { environment: ENVIRONMENT })
  const { text } = await gateway.post(chat('mine', { stream: true }))
  expect(text).toBe(sent.replace(`bad ${KEY}`, 'bad ***').replace(`: ${KEY}`, ': ***'))
})

test('a key is hidden in an error event wherever the provider divides it', async () => {
  const whole = chunk({ content: 'Hi' }) + EVENT_ERROR
  const start = whole.indexOf(KEY)
  let cut = 0
  const { gateway } = await startBeforeRaw(
    async (socket) => {
      const at = start + cut
      socket.setNoDelay(true).write(stream(whole.slice(0, at)))
      await new Promise((resolve) => setTimeout(resolve, 5))
      socket.end(whole.slice(at))
    },
    { environment: ENVIRONMENT },
  )
  const texts: string[] = []
  for (; cut < KEY.length; cut += 3) texts.push((await gateway.post(chat('mine', { stream: true }))).text)
  for (const text of texts) expect(text).toContain("api_key:***'")
  expectHidden(await everything(gateway, texts))
})

test('the content of a good answer is not touched', async () => {
  const { gateway } = await startBeforeRaw(
    (socket, { body }) => {
      const isStream = body.includes('"stream":true')
      socket.end(
        isStream ? stream(chunk({ content: `"error" ${KEY}` }, 'stop')) : reply(200, completion(`"error" ${KEY}`)),
      )
    },
    { environment: ENVIRONMENT },
  )
  for (const isStream of [true, false]) {
    expect((await gateway.post(chat('mine', { stream: isStream }))).text).toContain(`\\"error\\" ${KEY}`)
  }
  for (const record of await gateway.records(2)) {
    expect(record).toMatchObject({ outcome: 'ok', response: { choices: [{ message: { content: `"error" ${KEY}` } }] } })
  }
  expect(gateway.gateway.metrics.masked).toBe(0)
})

test('keys of all providers are hidden, and secrets in the headers of config.yml', async () => {
  const said = 'the-other-key and the-added-key and the-header-secret and the-client-key'
  const { gateway } = await startBeforeRaw((socket) => void socket.end(reply(400, { error: { message: said } })), {
    environment: { GEMINI_API_KEY: 'x,the-other-key', ADDED_API_KEY: 'the-added-key', API_KEYS: 'the-client-key' },
    config: {
      providers: {
        added: {
          base_url: 'http://127.0.0.1:1',
          headers: { 'X-Auth-Token': 'Basic the-header-secret', 'X-Team': 'blue' },
        },
      },
    },
  })
  const { text } = await gateway.post(chat('mine'), { authorization: 'Bearer the-client-key' })
  expect(JSON.parse(text).error.message).toBe('*** and *** and *** and ***')
})
