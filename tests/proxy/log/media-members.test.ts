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

/** As MIME writes it. */
function inRows(base64: string, lineBreak = '\n', length = 76): string {
  return base64.match(new RegExp(`.{1,${length}}`, 'g'))?.join(lineBreak) ?? ''
}

test.for(['\n', '\r\n', '\\u000a'])('base64 in rows becomes type, hash and size: %j', (lineBreak) => {
  const write = (value: object) => JSON.stringify(value).replaceAll('|', JSON.stringify(lineBreak).slice(1, -1))
  for (const length of [64, 76]) {
    const rows = inRows(DATA, '|', length)
    for (const data of [rows, `${rows}|`]) {
      const source = { type: 'base64', media_type: 'image/png', data }
      const audio = { data, format: 'wav' }
      const json = write({ source, audio }).replaceAll('\\\\u', '\\u')
      const shown = JSON.parse(digestMedia(Buffer.from(json)).toString())
      expect([shown.source.data, shown.audio.data]).toEqual([digestOf('image/png'), digestOf('audio/wav')])
    }
    const url = JSON.parse(write({ u: `data:image/png;base64,${rows}` }).replaceAll('\\\\u', '\\u'))
    expect(digested(url)).toEqual({ u: digestOf('image/png') })
    expect(digested({ u: `![](${url.u}) after` })).toEqual({ u: `![](${digestOf('image/png')}) after` })
  }
})

test('a line of prose after a data: URL stays', () => {
  const url = `data:image/png;base64,${DATA}`
  expect(digested([`${url}\nHello`, `${url}\n`])).toEqual([
    `${digestOf('image/png')}\nHello`,
    `${digestOf('image/png')}\n`,
  ])
  expect(digested(`data:image/png;base64,${DATA.slice(0, 76)}\nHello all`)).toMatch(
    /^data:image\/png;sha256.*\nHello all$/,
  )
})

test('characters of base64 that are written as numbers belong to it', () => {
  const escaped = (value: unknown) =>
    JSON.stringify(value).replaceAll('/', '\\u002f').replaceAll('+', '\\u002B').replaceAll('=', '\\u003d')
  const json = escaped({ source: { type: 'base64', media_type: 'image/png', data: DATA } })
  expect(JSON.parse(digestMedia(Buffer.from(json)).toString()).source.data).toBe(digestOf('image/png'))
  const url = escaped({ u: `data:image/svg+xml;base64,${DATA}` }).replaceAll('base64\\u003d', 'base64=')
  expect(JSON.parse(digestMedia(Buffer.from(url)).toString())).toEqual({ u: digestOf('image/svg+xml') })
})

test('siblings are found next to objects, lists and long texts', () => {
  const source = { cache_control: { type: 'ephemeral', more: [{ a: '}' }] }, type: 'base64', media_type: 'image/png' }
  expect(digested({ source: { ...source, data: DATA } })).toEqual({
    source: { ...source, data: digestOf('image/png') },
  })
  const after = { data: DATA, x: [1, { y: ['{'] }], media_type: 'image/png', type: 'base64' }
  expect(digested(after)).toEqual({ ...after, data: digestOf('image/png') })
  const revised_prompt = 'A "prompt" {with} braces. '.repeat(200)
  const call = { id: 'ig', result: DATA, revised_prompt, status: 'completed', type: 'image_generation_call' }
  expect(digested({ output: [call] })).toEqual({ output: [{ ...call, result: digestOf('image/png') }] })
  const typeFirst = { type: 'image_generation_call', revised_prompt, result: DATA }
  expect(digested(typeFirst)).toEqual({ ...typeFirst, result: digestOf('image/png') })
})

test.for(['x-wav', 'WAV', 'audio/wav', 'mp3', 'aiff'])(
  'audio of a request in the format %s is recognised',
  (format) => {
    const shown = digested({ data: DATA, format })
    expect(shown).toEqual({ data: digestOf(`audio/${format.replace('audio/', '')}`), format })
  },
)

test.for([
  'data:image/png; charset=utf-8;base64,',
  'data:image/png;BASE64,',
  'data:image/png;name=a b.png; base64,',
  'data:image/png;charset="utf-8";base64,',
])('a data: URL that begins with %s is recognised', (head) => {
  expect(digested([head + DATA])).toEqual([digestOf('image/png')])
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
