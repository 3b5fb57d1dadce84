import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { logFiles, startGateway, startWithUpstream } from '../../helpers/gateway/gateway.ts'

test('a body is logged byte for byte, on one line', async () => {
  const { gateway } = await startWithUpstream()
  const body =
    '{\n "model" : "mock/normal",\r\n\t"messages": [ {"role":"user","content":"a\\nb { é \\ud83d 🙂"} ],\n "n": 12345678901234567890, "t": 1.0 }'
  await gateway.post(body)
  await gateway.records(1)
  const text = readFileSync(join(gateway.logDir, String(logFiles(gateway.logDir)[0])), 'utf8')
  expect(text.match(/[\r\n]/g)).toEqual(['\n'])
  expect(text).toContain(`,"request":${body.replace(/[\r\n]/g, ' ')},"response":{`)
})

test('images in requests and answers are logged as their digest, unless LOG_IMAGES is full', async () => {
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

test('of bodies above the limit only an excerpt is logged, and the record stays JSON', async () => {
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
