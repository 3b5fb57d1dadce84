import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { digestMedia } from '../../../proxy/log/media.ts'
import { chat, startWithUpstream } from '../../helpers/gateway/gateway.ts'

const CONTENT = Buffer.from(Array.from({ length: 3_001 }, (_, index) => index * 7))
const DATA = CONTENT.toString('base64')

function digested(value: unknown): unknown {
  return JSON.parse(digestMedia(Buffer.from(JSON.stringify(value))).toString())
}

function digestOf(mime: string): string {
  return `data:${mime};sha256=${createHash('sha256').update(CONTENT).digest('hex')};bytes=${CONTENT.length}`
}

test.for([
  ['an image for Anthropic', { type: 'base64', media_type: 'image/png', data: DATA }, 'image/png'],
  ['a document for Anthropic', { data: DATA, media_type: 'application/pdf', type: 'base64' }, 'application/pdf'],
  ['audio of a request', { data: DATA, format: 'wav' }, 'audio/wav'],
  ['an image for Google', { mimeType: 'image/jpeg', data: DATA }, 'image/jpeg'],
  ['audio of an answer', { id: 'audio_1', data: DATA, expires_at: 1, transcript: 'Hi' }, 'application/octet-stream'],
] as const)('%s becomes type, hash and size', ([, object, mime]) => {
  expect(digested({ a: [{ source: object }] })).toEqual({ a: [{ source: { ...object, data: digestOf(mime) } }] })
})

test('generated images and files become type, hash and size', () => {
  const call = { id: 'ig', type: 'image_generation_call', revised_prompt: 'A {"brace" and "quotes"}', result: DATA }
  expect(digested({ output: [call] })).toEqual({ output: [{ ...call, result: digestOf('image/png') }] })
  const jpeg = { partial_image_b64: DATA, output_format: 'jpeg' }
  expect(digested(jpeg)).toEqual({ ...jpeg, partial_image_b64: digestOf('image/jpeg') })
  expect(digested({ b64_json: DATA })).toEqual({ b64_json: digestOf('image/png') })
  expect(digested({ file_data: DATA })).toEqual({ file_data: digestOf('application/octet-stream') })
  const spaced = JSON.stringify({ data: DATA, format: 'mp3' }, null, 2).replaceAll('/', '\\/')
  expect(JSON.parse(digestMedia(Buffer.from(spaced)).toString()).data).toBe(digestOf('audio/mp3'))
})

test('everything else stays as it is', () => {
  const others = [
    { type: 'redacted_thinking', data: DATA },
    { type: 'function_call_output', result: DATA },
    { type: 'text', media_type: 'text/plain', data: 'x'.repeat(5_000) },
    { type: 'base64', media_type: 'image/png', data: 'not base64 at all, but long enough for it' },
    { input: { data: 'x'.repeat(100), format: 'csv' } },
    { type: 'base64', media_type: 'image/png', data: ['data', '"data"'] },
    { text: `{"media_type":"image/png","data":"${DATA}"}` },
    'data',
  ]
  for (const value of others) expect(digested(value)).toEqual(value)
})

test('many names are looked at in reasonable time', () => {
  const json = Buffer.from(JSON.stringify(Array(50_000).fill({ data: 'x'.repeat(40), brace: '{{{{{{' })))
  const start = performance.now()
  digestMedia(json)
  expect(performance.now() - start).toBeLessThan(10_000)
})

test('the log of a request with an image holds its digest, unless LOG_IMAGES is full', async () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: DATA } }
  const request = chat('mock/normal', { messages: [{ role: 'user', content: [image] }] })
  for (const LOG_IMAGES of ['digest', 'full']) {
    const { gateway, upstream } = await startWithUpstream({ environment: { LOG_IMAGES } })
    await gateway.post(request)
    const [record] = await gateway.records(1)
    expect(JSON.stringify(record?.request).includes(DATA)).toBe(LOG_IMAGES === 'full')
    expect(JSON.stringify(record?.request).includes(digestOf('image/png'))).toBe(LOG_IMAGES === 'digest')
    expect(upstream.requests[0]?.body).toContain(DATA)
  }
})
