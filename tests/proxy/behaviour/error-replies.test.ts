import { Readable } from 'node:stream'
import { request } from 'undici'
import { expect, test } from 'vitest'
import { chat, errorOf, startGateway, startUpstream, startWithUpstream } from '../../helpers/gateway/gateway.ts'

test('requests that cannot be served are refused as OpenAI does, each with its record', async () => {
  const { gateway, upstream } = await startWithUpstream({ mappings: { 'gemini-x': 'gemini:x' } })
  const cases: [body: unknown, status: number, error: object][] = [
    ['{"model":', 400, { code: null, type: 'invalid_request_error' }],
    ['[1]', 400, { code: null }],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, { code: null }],
    ['', 400, { code: null }],
    [{ messages: [1] }, 400, { code: 'missing_required_parameter', param: 'model' }],
    [{ model: 'mock/normal' }, 400, { code: 'missing_required_parameter', param: 'messages' }],
    [{ model: 'mock/normal', messages: [] }, 400, { code: 'empty_array', param: 'messages' }],
    [{ model: 'mock/normal', messages: 'x' }, 400, { code: 'invalid_type', param: 'messages' }],
    [{ model: 7, messages: [1] }, 400, { code: 'invalid_type', param: 'model' }],
    ['{"model":"echo","model":"mock/normal","messages":[1]}', 400, { code: 'duplicate_parameter', param: 'model' }],
    ['{"model":"echo","\\u006dodel":"mock/normal","messages":[1]}', 400, { code: 'duplicate_parameter' }],
    [
      '{"model":"echo","stream":true,"messages":[1],"stream":false}',
      400,
      { code: 'duplicate_parameter', param: 'stream' },
    ],
    [chat('nowhere'), 404, { code: 'model_not_found', param: null }],
    [chat('x'.repeat(512)), 404, { code: 'model_not_found', message: expect.stringMatching(/^.{1,400}$/) }],
    [chat('x'.repeat(5_000)), 400, { code: 'string_above_max_length', param: 'model' }],
    [chat('gemini-x'), 503, { code: 'provider_not_configured', message: expect.stringContaining('GEMINI_API_KEY') }],
  ]
  for (const [body, status, error] of cases) {
    const response = await gateway.post(body)
    expect(response.status, JSON.stringify(body)).toBe(status)
    expect(errorOf(response)).toMatchObject(error)
    expect(response.headers).toMatchObject({ 'content-type': 'application/json', 'x-request-id': expect.any(String) })
  }
  const records = await gateway.records(cases.length)
  for (const [index, record] of records.entries()) {
    expect(record).toMatchObject({
      outcome: 'rejected',
      status_code: cases[index]?.[1],
      response: { error: cases[index]?.[2] },
      overhead_ms: null,
    })
  }
  expect(records[0]?.request).toEqual({ _invalid_body: '{"model":' })
  expect(records[12]).toMatchObject({ model_original: 'nowhere', model_mapped: null, provider: null })
  expect(records[15]).toMatchObject({ model_original: 'gemini-x', model_mapped: 'x', provider: 'gemini' })
  expect(upstream.requests).toEqual([])
})

test('members that some providers read as one are a pair, whatever their case', async () => {
  const { gateway, upstream } = await startWithUpstream()
  for (const pair of [
    '"model":"mock/normal","Model":"evil"',
    '"MODEL":"evil","model":"mock/normal"',
    '"model":"mock/normal","\\u004dodel":"evil"',
    '"model":"mock/normal","stream":false,"\u017ftream":true',
    '"model":"mock/normal","stream":false,"STREAM":true',
  ]) {
    const response = await gateway.post(`{${pair},"messages":[1]}`)
    expect([response.status, errorOf(response).code], pair).toEqual([400, 'duplicate_parameter'])
  }
  expect(upstream.requests).toEqual([])
  const alone = await gateway.post(
    '{"model":"mock/normal","Modal":"x","Messages":1,"messages":[{"role":"user","content":"x"}]}',
  )
  expect(alone.status).toBe(200)
})

test('a body that is too large is refused, whether its size is announced or not', async () => {
  const { gateway } = await startWithUpstream({ config: { limits: { body_mib: 1 } } })
  const large = JSON.stringify(chat('mock/normal', { padding: 'x'.repeat(5_000_000) }))
  const announced = await gateway.post(large)
  expect([announced.status, errorOf(announced).code]).toEqual([413, 'request_too_large'])
  const { statusCode, body } = await request(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: Readable.from([large.slice(0, 1_000_000), large.slice(1_000_000)]),
  })
  expect([statusCode, errorOf({ text: await body.text() }).code]).toEqual([413, 'request_too_large'])
  const records = await gateway.records(2)
  // The first one was refused before it was sent.
  expect(records.map(({ request }) => request)).toEqual([
    { _invalid_body: '' },
    { _invalid_body: large.slice(0, 4096) },
  ])
  for (const record of records) expect(record).toMatchObject({ status_code: 413, outcome: 'rejected' })
})

test('only JSON is accepted, with or without a content type', async () => {
  const { gateway } = await startWithUpstream()
  const form = await gateway.post(chat('mock/normal'), { 'content-type': 'multipart/form-data; boundary=x' })
  expect(form.status).toBe(415)
  const fetched = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    body: Buffer.from(JSON.stringify(chat('mock/normal'))),
  })
  expect(fetched.status).toBe(200)
  const utf8 = await gateway.post(chat('mock/normal'), { 'content-type': 'application/json; charset=utf-8' })
  expect(utf8.status).toBe(200)
  await gateway.records(3)
})

test('the record of a body of another type shows what was sent, up to the limit', async () => {
  const { gateway } = await startWithUpstream({ config: { limits: { body_mib: 1 } } })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  // Its size is not announced, because otherwise it would be refused at its head.
  const pieces = new Blob(['y'.repeat(5_000_000)]).stream()
  for (const body of ['model=mock%2Fnormal', 'x'.repeat(5_000), pieces, '']) {
    const url = `${gateway.url}/v1/chat/completions`
    const response = await fetch(url, { method: 'POST', headers: form, body, duplex: 'half' } as RequestInit)
    const text = await response.text()
    expect([response.status, errorOf({ text }).type]).toEqual([415, 'invalid_request_error'])
  }
  const [short, long, tooLong, empty] = await gateway.records(4)
  expect(short).toMatchObject({ status_code: 415, outcome: 'rejected', bytes_in: 19 })
  expect(short?.request).toEqual({ _invalid_body: 'model=mock%2Fnormal' })
  expect(long).toMatchObject({ status_code: 415, bytes_in: 5_000, request: { _invalid_body: 'x'.repeat(4096) } })
  expect(tooLong).toMatchObject({ status_code: 415, request: { _invalid_body: 'y'.repeat(4096) } })
  expect(tooLong?.bytes_in).toBeGreaterThan(2 ** 20)
  expect(tooLong?.bytes_in).toBeLessThan(2_000_000)
  expect(empty).toMatchObject({ status_code: 415, bytes_in: 0, request: { _invalid_body: '' } })
})

test('errors of the provider keep their status, body and retry headers', async () => {
  const { gateway } = await startWithUpstream()
  for (const stream of [false, true]) {
    const limited = await gateway.post(chat('mock/429', { stream }))
    expect(limited.status).toBe(429)
    expect(limited.headers).toMatchObject({ 'retry-after': '7', 'x-ratelimit-remaining-requests': '0' })
    expect(errorOf(limited)).toEqual({
      message: 'Rate limit exceeded',
      type: 'mock_error',
      param: null,
      code: 'rate_limit_exceeded',
    })
    expect((await gateway.post(chat('mock/402', { stream }))).status).toBe(402)
  }
  const records = await gateway.records(4)
  expect(new Set(records.map(({ outcome }) => outcome))).toEqual(new Set(['upstream_error']))
  expect(records[0]?.response).toMatchObject({ error: { code: 'rate_limit_exceeded' } })
})

test('an error page of the provider becomes an error object', async () => {
  const { gateway } = await startWithUpstream()
  const response = await gateway.post(chat('mock/503-html', { stream: true }))
  expect([response.status, response.headers['content-type']]).toEqual([503, 'application/json'])
  expect(errorOf(response)).toMatchObject({
    code: 'upstream_error',
    message: 'openrouter answered with status 503: 503 Service Unavailable',
  })
  expect((await gateway.records(1))[0]).toMatchObject({ status_code: 503, outcome: 'upstream_error' })
})

test('a provider that forbids a request says so itself', async () => {
  const { gateway } = await startWithUpstream()
  const response = await gateway.post(chat('mock/403'))
  expect([response.status, errorOf(response).message]).toEqual([403, 'Key disabled'])
  expect((await gateway.records(1))[0]).toMatchObject({ status_code: 403, outcome: 'upstream_error' })
})

test('if the provider refuses the gateway’s key, the client is not blamed', async () => {
  const { gateway } = await startWithUpstream()
  const response = await gateway.post(chat('mock/401'))
  expect([response.status, errorOf(response).code]).toEqual([502, 'upstream_auth_error'])
  expect(response.headers['x-should-retry']).toBe('false')
  expect(response.text).not.toContain('upstream-key')
  expect((await gateway.records(1))[0]).toMatchObject({
    status_code: 502,
    outcome: 'upstream_error',
    response: { error: { code: 'upstream_auth_error' } },
  })
  expect(gateway.operatorLog.join('')).toContain("refused the gateway's key")
  expect(gateway.operatorLog.join('')).not.toContain('upstream-key')
})

test('an answer that breaks off is an error, not half an answer', async () => {
  const { gateway } = await startWithUpstream()
  const response = await gateway.post(chat('mock/cut-json'))
  expect([response.status, errorOf(response).code]).toEqual([502, 'upstream_disconnected'])
  expect((await gateway.records(1))[0]).toMatchObject({
    outcome: 'upstream_error',
    response: { error: { code: 'upstream_disconnected' } },
  })
})

test('a provider that cannot be reached', async () => {
  const upstream = await startUpstream()
  await upstream.close()
  const gateway = await startGateway({
    environment: { OPENROUTER_API_KEY: 'x', OPENROUTER_BASE_URL: upstream.url },
    mappings: { m: 'm' },
  })
  for (const stream of [false, true]) {
    const response = await gateway.post(chat('m', { stream }))
    expect([response.status, errorOf(response).code]).toEqual([502, 'upstream_unreachable'])
  }
  expect((await gateway.records(2))[0]).toMatchObject({
    status_code: 502,
    outcome: 'upstream_error',
    overhead_ms: null,
    response: { error: { code: 'upstream_unreachable' } },
  })
})

test('a provider that is silent for too long', async () => {
  const limits = { first_byte_timeout_s: 0.3, idle_timeout_s: 0.3 }
  const { gateway, upstream } = await startWithUpstream({ config: { limits } })
  const [whole, streamed] = await Promise.all([
    gateway.post(chat('mock/hang')),
    gateway.post(chat('mock/hang-after-2', { stream: true })),
  ])
  expect([whole.status, errorOf(whole).code]).toEqual([504, 'upstream_timeout'])
  expect(whole.headers['x-should-retry']).toBe('false')
  expect(streamed.text).toContain('"code":"upstream_timeout"')
  expect(streamed.text).not.toContain('[DONE]')
  const outcomes = (await gateway.records(2)).map(({ outcome }) => outcome)
  expect(outcomes.sort()).toEqual(['upstream_error', 'upstream_truncated'])
  expect(upstream.requests.map(({ end }) => end)).toEqual(['aborted', 'aborted'])
})
