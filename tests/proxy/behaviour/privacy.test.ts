import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { chat, type GatewayOptions, startGateway, type TestGateway } from '../../helpers/gateway/gateway.ts'
import { chunk, completion, DONE, reply, startBeforeRaw, stream } from '../../helpers/gateway/raw-upstream.ts'
import { workspace } from '../../helpers/logdb/workspace.ts'

const OWN_KEY = 'sk-own/key-of-the-gateway'
const EMAIL = 'john.doe@example.com'
const CARD = '4111111111111111'
const TICKET = 'TICKET-47110815'
/** In each form that somebody could read. */
const PLANTED = [OWN_KEY, EMAIL, CARD, TICKET, '4111 1111 1111 1111', 'john.doe', 'example.com', 'own/key', '47110815']
const ALL = `${OWN_KEY} ${EMAIL} ${CARD} 4111 1111 1111 1111 ${TICKET}`
/** Every character that JSON may write by its number. */
const ESCAPED = [...ALL].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
const REDACT = { redact: ['keys', 'emails', 'cards', { name: 'ticket', pattern: String.raw`TICKET-\d+` }] }

async function startBefore(answer: (body: string) => string, options: GatewayOptions) {
  return await startBeforeRaw((socket, { body }) => void socket.end(answer(body)), {
    ...options,
    environment: { OPENAI_API_KEY: OWN_KEY, ...options.environment },
  })
}

/** Every byte of the log and of the databases that logdb makes of it, and what their rows say. */
async function stored(gateway: TestGateway, records: number): Promise<string> {
  await gateway.records(records)
  const space = workspace()
  cpSync(gateway.logDir, space.logs, { recursive: true })
  expect(await space.ingest()).toMatchObject({ rowsInserted: records, recordsQuarantined: 0 })
  const rows = await space.query('SELECT * FROM requests')
  expect(rows).toHaveLength(records)
  const files = readdirSync(space.logs, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  expect(files.length).toBeGreaterThan(2)
  const bytes = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
  return [...bytes, JSON.stringify(rows)].join('\n')
}

function expectNothingOf(text: string): void {
  for (const secret of PLANTED) expect([secret, text.includes(secret)]).toEqual([secret, false])
}

/** A stream whose pieces cut every secret, in its text and in the arguments of a tool. */
function cutStream(): string {
  const pieces = ALL.match(/.{1,5}/gs) ?? []
  const args = JSON.stringify({ to: EMAIL, key: OWN_KEY }).replaceAll('@', '\\u0040')
  const call = (part: string) => chunk({ tool_calls: [{ index: 0, function: { arguments: part } }] })
  return stream(
    ...pieces.map((content) => chunk({ content })),
    ...(args.match(/.{1,5}/gs) ?? []).map(call),
    chunk({}, 'stop'),
    DONE,
  )
}

test('no planted secret is in any byte of logs/ and logs/db', async () => {
  const environment = { LOG_HASH_SECRET: 'pepper', LOG_BODY_MAX_BYTES: '20000', API_KEYS: `laptop:${OWN_KEY}` }
  const answer = (body: string) => {
    if (body.includes('"stream":true')) return cutStream()
    if (body.includes('fail')) return reply(400, { error: { message: `wrong: ${ALL}`, type: ALL } })
    if (body.includes('odd')) return reply(500, `<b>${ALL}</b>`, 'text/html')
    return reply(200, `{"usage":{"note":"${ESCAPED}"},${JSON.stringify(completion(ALL)).slice(1)}`)
  }
  const { gateway } = await startBefore(answer, { environment, config: { log: REDACT } })
  const headers = { authorization: `Bearer ${OWN_KEY}` }
  const message = (content: string, more: object = {}) =>
    chat('mine', { messages: [{ role: 'user', content }], ...more })
  const filler = 'x'.repeat(4_090)
  const requests: [unknown, Record<string, string>?][] = [
    [message(ALL)],
    [message(ALL, { stream: true })],
    [`{"model":"mine","messages":[{"role":"user","content":"${ESCAPED}"}],"n":1,"card":${CARD}}`],
    [message(JSON.stringify({ inner: JSON.stringify({ to: EMAIL }).replaceAll('.', '\\u002e') }))],
    [message('fail')],
    [message('odd')],
    // Cut at every place by which the log could cut a body that it cannot hold, or that is not JSON.
    ...[0, 9, 14, 22, 31, 37].map((shift): [unknown] => [`${filler.slice(shift)}${ALL}`]),
    ...[4_007, 4_028].map((before): [unknown] => [message(`${'y'.repeat(before)}${ALL}${'z'.repeat(20_000)}${ALL}`)]),
    [message('Hi'), { 'x-dialog-id': `dialog of ${EMAIL}` }],
    [{ ...message('Hi'), model: `nowhere/${EMAIL}/${TICKET}` }],
    [message('Hi', { tools: [{ type: 'function', function: { name: 'f', parameters: { [EMAIL]: {} } } }] })],
  ]
  for (const [body, more] of requests) await gateway.post(body, { ...headers, ...more })
  const text = await stored(gateway, requests.length)
  expectNothingOf(text)
  for (const kind of ['key', 'email', 'card', 'ticket']) expect(text).toMatch(new RegExp(`\\[${kind}:[0-9a-f]{12}\\]`))
}, 60_000)

test('a secret is recognised where an error quotes only the beginning of a text', async () => {
  const reasons = [482, 486, 490, 495].map((before) => `${'w'.repeat(before)} 4111 1111 1111 1111 ${TICKET} ${EMAIL}`)
  let at = 0
  const answer = () => reply(400, reasons[at++ % reasons.length] as string, 'text/plain')
  const log = { ...REDACT, client_may: true }
  const { gateway } = await startBefore(answer, { config: { log }, environment: { API_KEYS: `laptop:${OWN_KEY}` } })
  const headers = { authorization: `Bearer ${OWN_KEY}` }
  for (const length of [226, 245, 250, 500]) await gateway.post(chat(`${'y'.repeat(length)} ${OWN_KEY}`), headers)
  for (const name of ['x-provider', 'x-log', 'content-encoding']) {
    const path = name === 'x-provider' ? '/v1/batches' : undefined
    const body = path ? { input_file_id: 'file-1' } : chat('mine')
    await gateway.post(body, { ...headers, [name]: `${'y'.repeat(50)} ${OWN_KEY}` }, path)
  }
  for (const _ of reasons) await gateway.post(chat('mine'), headers)
  const sent = 11
  const records = await gateway.records(sent)
  expect(records.map(({ outcome }) => outcome)).toEqual([
    ...Array(7).fill('rejected'),
    ...Array(4).fill('upstream_error'),
  ])
  const text = JSON.stringify(records)
  expectNothingOf(text)
  expect(text).not.toMatch(/sk-o|4111|TICKET|john/)
  expect(text).toMatch(/w{400}\s*(\[card\])?…/)
})

test('the client and the provider get what was sent', async () => {
  const { gateway, upstream } = await startBefore(() => reply(200, completion(ALL)), { config: { log: REDACT } })
  const { text } = await gateway.post(chat('mine', { messages: [{ role: 'user', content: ALL }] }))
  expect(JSON.parse(text).choices[0].message.content).toBe(ALL)
  expect(JSON.parse(upstream.requests[0]?.body ?? '').messages[0].content).toBe(ALL)
  const [record] = await gateway.records(1)
  expect(record?.request).toMatchObject({ messages: [{ content: '[key] [email] [card] [card] [ticket]' }] })
})

test('metadata: the size in place of bodies, and with the secret an HMAC', async () => {
  const body = chat('mine', { messages: [{ role: 'user', content: ALL }] })
  const bytes = JSON.stringify(body).length
  const answer = reply(200, completion(ALL))
  const log = { bodies: 'metadata' }
  const plain = await startBefore(() => answer, { config: { log } })
  await plain.gateway.post(body, { 'x-dialog-id': 'd' })
  const [record] = await plain.gateway.records(1)
  expect(record).toMatchObject({
    dialog_id: 'd',
    finish_reason: 'stop',
    outcome: 'ok',
  })
  expect(record?.request).toEqual({ _omitted: { bytes } })
  expect(record?.response).toEqual({ _omitted: { bytes: record?.bytes_out } })
  expectNothingOf(await stored(plain.gateway, 1))
  const keyed = await startBefore(() => answer, { config: { log }, environment: { LOG_HASH_SECRET: 'pepper' } })
  await keyed.gateway.post(body)
  const [request] = (await keyed.gateway.records(1)).map((one) => one.request)
  expect(request).toEqual({ _omitted: { bytes, hmac_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } })
})

test('of a redacted body that the log cannot hold, its size stays, and with a secret an HMAC', async () => {
  const body = chat('mine', { messages: [{ role: 'user', content: `${EMAIL}${'x'.repeat(5_000)}` }] })
  const logged = async (environment: Record<string, string>) => {
    const { gateway } = await startBefore(() => reply(200, completion('Hi')), {
      config: { log: REDACT },
      environment: { LOG_BODY_MAX_BYTES: '4096', ...environment },
    })
    await gateway.post(body)
    return (await gateway.records(1))[0]?.request
  }
  const bytes = JSON.stringify(body).length
  expect(await logged({})).toEqual({ model: 'mine', _truncated: { bytes } })
  const hmac_sha256 = expect.stringMatching(/^[0-9a-f]{64}$/)
  expect(await logged({ LOG_HASH_SECRET: 'pepper' })).toEqual({ model: 'mine', _truncated: { bytes, hmac_sha256 } })
})

test('metadata: of an error of the gateway the log has the message, unless a provider wrote a part of it', async () => {
  const { gateway } = await startBefore(() => reply(500, `<b>${ALL}</b>`, 'text/html'), {
    config: { log: { bodies: 'metadata' } },
  })
  await gateway.post(chat('nowhere'))
  await gateway.post(chat('mine'))
  const [unknown, failed] = (await gateway.records(2)).map(({ response }) => response as { error: object })
  expect(unknown?.error).toEqual({
    message: expect.stringContaining('nowhere'),
    type: 'invalid_request_error',
    param: null,
    code: 'model_not_found',
  })
  expect(failed?.error).toEqual({ type: 'server_error', param: null, code: 'upstream_error' })
  expectNothingOf(await stored(gateway, 2))
})

test('none: no digest, no dialog, no text of an error, and always a record', async () => {
  const answer = (body: string) =>
    body.includes('"stream":true') ? cutStream() : reply(400, { error: { message: ALL } })
  const { gateway } = await startBefore(answer, {
    config: { log: { bodies: 'none' } },
    environment: { LOG_HASH_SECRET: 'x' },
  })
  const sent = [chat('mine', { stream: true }), chat('mine'), chat('nowhere'), `no JSON ${ALL}`]
  for (const body of sent) await gateway.post(body, { 'x-dialog-id': EMAIL })
  const records = await gateway.records(sent.length)
  expect(records.map(({ outcome }) => outcome)).toEqual(['ok', 'upstream_error', 'rejected', 'rejected'])
  for (const record of records) {
    expect(record).not.toHaveProperty('dialog_id')
    expect(record).not.toHaveProperty('dialog_source')
    expect(Object.keys(record.request as object)).toEqual(['_omitted'])
    expect(JSON.stringify([record.request, record.response])).not.toMatch(/sha256|"message"/)
  }
  expect(records[2]?.response).toMatchObject({ error: { code: 'model_not_found' } })
  expectNothingOf(await stored(gateway, sent.length))
})

test('a request that contradicts itself, or has several models, is logged by the strictest rule of all', async () => {
  const log = { models: { secret: { bodies: 'none' } } }
  const { gateway } = await startBefore(() => reply(200, completion('Hi')), {
    config: { log },
    mappings: { mine: 'openrouter:mine', secret: 'openrouter:secret' },
  })
  const messages = JSON.stringify([{ role: 'user', content: 'a private word' }])
  const sent: [body: unknown, path?: string][] = [
    [`{"model":"secret","messages":${messages},"model":"mine"}`],
    [`{"model":"mine","messages":${messages},"MODEL":"secret"}`],
    [`{"model":"mine","model":"mine","messages":${messages}}`, '/openai/deployments/secret/chat/completions'],
    [`{"model":"mine","model":"mine","input":"x"}`, '/openai/deployments/secret/audio/speech'],
    [{ requests: ['mine', 'secret'].map((model) => ({ params: { model } })) }, '/v1/messages/batches'],
    [`{"model":"${'m'.repeat(600)}","messages":${messages}}`],
  ]
  for (const [body, path] of sent) await gateway.post(body, {}, path)
  for (const { request } of await gateway.records(sent.length)) {
    expect(request).toEqual({ _omitted: { bytes: expect.any(Number) } })
  }
  await gateway.post(chat('mine'))
  expect((await gateway.records(sent.length + 1)).at(-1)?.request).toMatchObject({ model: 'mine' })
})

test('a client may ask for less with x-log, where the operator lets it', async () => {
  const environment = { LOG_HASH_SECRET: 'pepper' }
  const config = { log: { client_may: true } }
  const { gateway } = await startBefore(() => reply(200, completion('Hi')), { config, environment })
  for (const asked of ['none', 'metadata']) await gateway.post(chat('mine'), { 'x-log': asked })
  await gateway.post(chat('mine'))
  const omitted = (await gateway.records(3)).map(({ request }) =>
    Object.keys((request as { _omitted?: object })._omitted ?? {}),
  )
  expect(omitted).toEqual([['bytes'], ['bytes', 'hmac_sha256'], []])
})

test('where clients may not ask, x-log is refused before the body is read, so that nothing of it is logged', async () => {
  const { gateway, upstream } = await startBefore(() => reply(200, completion('Hi')), {})
  const { status, text } = await gateway.post(chat('mine', { messages: [{ role: 'user', content: ALL }] }), {
    'x-log': 'none',
  })
  expect([status, JSON.parse(text).error.code]).toEqual([403, 'x_log_not_allowed'])
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({ outcome: 'rejected', request: { _invalid_body: '' } })
  expect(upstream.requests).toEqual([])
})

test('the rules of a key that API_KEYS does not have are an error', async () => {
  const config = { log: { keys: { alcie: { bodies: 'none' } } } }
  await expect(startGateway({ environment: { API_KEYS: 'alice:0123456789abcdef' }, config })).rejects.toThrow(
    'log.keys: found the key "alcie", allowed: alice',
  )
})

test('the log holds of a relayed body no more than its rules let in', async () => {
  const { gateway } = await startBefore(() => reply(200, { id: 'file-1', object: 'file', deleted: true }), {
    config: { log: { client_may: true } },
    environment: { LOG_HASH_SECRET: 'pepper' },
  })
  for (const asked of ['metadata', 'none']) {
    await gateway.get('/v1/files/file-1', { 'x-log': asked })
  }
  const wrong = await gateway.get('/v1/files/file-1', { 'x-log': 'all' })
  expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('invalid_x_log')])
  const digest = { bytes: expect.any(Number), hmac_sha256: expect.any(String) }
  expect(await gateway.records(3)).toMatchObject([
    { request: { _omitted: digest }, response: { _omitted: digest } },
    { request: { _omitted: { bytes: 0 } }, response: { _omitted: { bytes: expect.any(Number) } } },
    { outcome: 'rejected' },
  ])
  const [, { request, response } = {}] = await gateway.records(3)
  expect(JSON.stringify([request, response])).not.toMatch(/file-1|sha256/)
})
