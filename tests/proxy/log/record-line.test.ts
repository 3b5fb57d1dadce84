import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { uniqueTimestamp } from '../../../proxy/log/clock.ts'
import { chat, logFiles, startGateway, startWithUpstream } from '../../helpers/gateway/gateway.ts'

test('a record has the fields of its version in their order, and real numbers', async () => {
  const { gateway } = await startWithUpstream({
    environment: { API_KEYS: 'laptop:0123456789abcdef', RELEASE_ID: 'r1' },
  })
  const body = chat('mock/slow-1x2')
  await gateway.post(body, { authorization: 'Bearer 0123456789abcdef', 'x-dialog-id': 'talk-7' })
  const [record] = await gateway.records(1)
  expect(Object.keys(record ?? {})).toEqual(
    'v timestamp x_request_id endpoint method status_code latency_ms ttfb_ms overhead_ms provider model_original model_mapped stream api_key_hash api_key_name dialog_id finish_reason usage outcome bytes_in bytes_out release request response'.split(
      ' ',
    ),
  )
  expect(record).toMatchObject({
    v: 1,
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    x_request_id: expect.stringMatching(/^req_/),
    method: 'POST',
    status_code: 200,
    stream: false,
    dialog_id: 'talk-7',
    finish_reason: 'stop',
    usage: { total_tokens: 12 },
    outcome: 'ok',
    bytes_in: JSON.stringify(body).length,
    bytes_out: Buffer.byteLength(JSON.stringify(record?.response)),
    release: 'r1',
    request: body,
  })
  const { latency_ms = 0, ttfb_ms = 0, overhead_ms = 0 } = record ?? {}
  expect(latency_ms).toBeGreaterThanOrEqual(Number(ttfb_ms))
  expect(Number(ttfb_ms)).toBeGreaterThan(Number(overhead_ms))
  expect(Number(overhead_ms)).toBeGreaterThan(0)
})

test('without a dialog id or a named key the fields are left out', async () => {
  const gateway = await startGateway()
  await gateway.post(chat('echo'))
  const [record] = await gateway.records(1)
  expect(record).not.toHaveProperty('dialog_id')
  expect(record).not.toHaveProperty('api_key_name')
  expect(record).not.toHaveProperty('truncated')
})

test('a body goes into the log as the bytes it is, on one line', async () => {
  const { gateway } = await startWithUpstream()
  const body =
    '{\n "model" : "mock/normal",\r\n\t"messages": [ {"role":"user","content":"a\\nb { é \\ud83d 🙂"} ],\n "n": 12345678901234567890, "t": 1.0 }'
  await gateway.post(body)
  await gateway.records(1)
  const text = readFileSync(join(gateway.logDir, String(logFiles(gateway.logDir)[0])), 'utf8')
  expect(text.match(/[\r\n]/g)).toEqual(['\n'])
  expect(text).toContain(`,"request":${body.replace(/[\r\n]/g, ' ')},"response":{`)
})

test('images become their digest, in requests and answers, unless they are wanted in full', async () => {
  const bytes = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 256))
  const url = `data:image/png;base64,${bytes.toString('base64')}`
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const messages = [
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url } },
        { type: 'text', text: url },
      ],
    },
  ]
  const digesting = await startGateway()
  await digesting.post({ model: 'echo', messages })
  const [record] = await digesting.records(1)
  const digest = `data:image/png;sha256=${sha256};bytes=3000`
  expect(record).toMatchObject({
    request: { messages: [{ content: [{ image_url: { url: digest } }, { text: digest }] }] },
    response: { choices: [{ message: { content: digest } }] },
  })
  const keeping = await startGateway({ environment: { LOG_IMAGES: 'full' } })
  await keeping.post({ model: 'echo', messages })
  expect((await keeping.records(1))[0]?.request).toEqual({ model: 'echo', messages })
})

test('bodies above the limit are cut, and the record stays JSON', async () => {
  const gateway = await startGateway({ environment: { LOG_BODY_MAX_BYTES: '20000' } })
  const body = JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: '🙂"\\\n'.repeat(5000) }] })
  for (const text of [body, body.replace('{', '{"stream":true,')]) await gateway.post(text)
  const records = await gateway.records(2)
  for (const [index, record] of records.entries()) {
    const sent = Buffer.from(index === 0 ? body : body.replace('{', '{"stream":true,'))
    expect(record.truncated).toEqual(['request', 'response'])
    const { model, _truncated } = record.request as { model: string; _truncated: Record<string, string | number> }
    expect(model).toBe('echo')
    expect(_truncated).toEqual({
      bytes: sent.length,
      sha256: createHash('sha256').update(sent).digest('hex'),
      head: expect.any(String),
      tail: expect.any(String),
    })
    const text = sent.toString()
    expect(text.startsWith(String(_truncated['head']))).toBe(true)
    expect(text.endsWith(String(_truncated['tail']))).toBe(true)
    for (const excerpt of [_truncated['head'], _truncated['tail']]) {
      const size = Buffer.byteLength(String(excerpt))
      expect(size).toBeLessThanOrEqual(4096)
      expect(size).toBeGreaterThan(4092)
    }
  }
})

test('timestamps rise with every call and are now', () => {
  const stamps = Array.from({ length: 20_000 }, uniqueTimestamp)
  for (const [index, stamp] of stamps.entries()) if (index > 0) expect(stamp > (stamps[index - 1] ?? '')).toBe(true)
  expect(Math.abs(Date.parse(uniqueTimestamp()) - Date.now())).toBeLessThan(50)
  expect(new Set(stamps.map((stamp) => stamp.slice(-4))).size).toBeGreaterThan(100)
})

test('timestamps rise also when the clock is set back, and follow it when it is set forward', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const before = uniqueTimestamp()
  vi.setSystemTime(Date.now() - 3_600_000)
  const [second, third] = [uniqueTimestamp(), uniqueTimestamp()]
  expect(second > before && third > second).toBe(true)
  vi.setSystemTime(Date.now() + 2 * 3_600_000)
  expect(Math.abs(Date.parse(uniqueTimestamp()) - Date.now())).toBeLessThan(50)
})
