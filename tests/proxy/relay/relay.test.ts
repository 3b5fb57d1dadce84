import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { cards } from '../../../proxy/log/privacy/detectors.ts'
import { errorOf } from '../../helpers/gateway/gateway.ts'
import { keyedDigest } from '../../helpers/gateway/keyed-digest.ts'
import { reply, startBeforeRaw } from '../../helpers/gateway/raw-upstream.ts'

const KEYS = { OPENAI_API_KEY: 'upstream-key-1,upstream-key-2' }
const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')

function form(...parts: string[]): { body: string; headers: { 'content-type': string } } {
  const body = parts.map((part) => `--b0und\r\ncontent-disposition: form-data; ${part}\r\n`).join('')
  return { body: `${body}--b0und--\r\n`, headers: { 'content-type': 'multipart/form-data; boundary=b0und' } }
}

const FILE = 'name="file"; filename="a.wav"\r\ncontent-type: audio/wav\r\n\r\nRIFF\r\n--b0un\r\n'
const MODEL = 'name="model"\r\n\r\nmine'

test('a JSON request and a binary answer pass unchanged, except for the name of the model', async () => {
  const audio = Buffer.from([0, 255, 13, 10, 128, 0]).toString('latin1')
  const { gateway, upstream } = await startBeforeRaw(
    (socket) => void socket.write(reply(200, audio, 'audio/mpeg', 'openai-processing-ms: 5\r\n')),
    { mappings: { tts: 'openai:tts-1' } },
  )
  const body = '{ "input": "Hé", "model" : "tts" }'
  const answer = await gateway.post(body, {}, '/v1/audio/speech?x=1')
  expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([200, 'audio/mpeg', audio])
  expect(answer.headers).toMatchObject({ 'openai-processing-ms': '5', 'x-request-id': expect.any(String) })
  expect(upstream.requests[0]).toMatchObject({
    path: '/audio/speech?x=1',
    body: '{ "input": "Hé", "model" : "tts-1" }',
    headers: { authorization: 'Bearer upstream-key-1', 'content-type': 'application/json' },
  })
  const [record] = await gateway.records(1)
  expect(record).toMatchObject({
    endpoint: '/v1/audio/speech',
    model_original: 'tts',
    model_mapped: 'tts-1',
    provider: 'openai',
    outcome: 'ok',
    status_code: 200,
    bytes_in: Buffer.byteLength(body),
    request: { model: 'tts', _digest: { bytes: Buffer.byteLength(body) } },
    response: { _digest: { bytes: Buffer.byteLength(audio) } },
  })
})

const hmac = (text: string) => ({ hmac_sha256: keyedDigest('pepper', sha256(text)) })

test.for([
  ['without a secret there is none', {}, () => ({})],
  ['with a secret it is an HMAC', { LOG_HASH_SECRET: 'pepper' }, hmac],
] as const)('the digest of a body does not confirm a guess of its text: %s', async ([, environment, digest]) => {
  const audio = 'short'
  const { gateway } = await startBeforeRaw((socket) => void socket.write(reply(200, audio, 'audio/mpeg')), {
    mappings: { tts: 'openai:tts-1' },
    environment,
  })
  const body = '{"model":"tts","input":"yes"}'
  await gateway.post(body, {}, '/v1/audio/speech')
  const [record] = await gateway.records(1)
  expect(record?.request).toEqual({ model: 'tts', _digest: { bytes: body.length, ...digest(body) } })
  expect(record?.response).toEqual({ _digest: { bytes: audio.length, ...digest(audio) } })
})

test('a digest whose digits look like the number of a card stays whole where cards are replaced', async () => {
  const { gateway } = await startBeforeRaw((socket) => void socket.write(reply(200, 'x', 'audio/mpeg')), {
    mappings: { tts: 'openai:tts-1' },
    config: { log: { redact: ['cards'] } },
    environment: { LOG_HASH_SECRET: 'pepper' },
  })
  let number = 0
  const body = () => `{"model":"tts","input":"${number}"}`
  while ([...cards(hmac(body()).hmac_sha256)].length === 0) number++
  await gateway.post(body(), {}, '/v1/audio/speech')
  expect((await gateway.records(1))[0]?.request).toMatchObject({ _digest: hmac(body()) })
})

test.for([
  ['before the file', [MODEL, FILE]],
  ['after the file', [FILE, MODEL]],
  ['without quotes', ['name=model\r\n\r\nmine', FILE]],
])('the model of a form is found %s and replaced in place', async ([, parts]) => {
  const { gateway, upstream } = await startBeforeRaw((socket) => void socket.write(reply(200, { text: 'Hi' })), {
    mappings: { mine: 'openai:whisper-1' },
  })
  const { body, headers } = form(...(parts as string[]))
  expect((await gateway.post(body, headers, '/v1/audio/transcriptions')).text).toBe('{"text":"Hi"}')
  expect(upstream.requests[0]?.body).toBe(body.replace('mine', 'whisper-1'))
  expect(upstream.requests[0]?.headers['content-type']).toBe(headers['content-type'])
  expect(await gateway.records(1)).toMatchObject([
    { model_original: 'mine', model_mapped: 'whisper-1', request: { model: 'mine' } },
  ])
})

test.for([
  ['no model', form(FILE), 400, 'missing_required_parameter'],
  ['two models', form(MODEL, FILE, MODEL), 400, 'duplicate_parameter'],
  ['a model that nothing matches', form('name="model"\r\n\r\nnothing'), 404, 'model_not_found'],
  ['no boundary', { body: 'x', headers: { 'content-type': 'multipart/form-data' } }, 400, null],
  ['another type', { body: 'x', headers: { 'content-type': 'text/plain' } }, 415, null],
  ['JSON with two models', { body: '{"model":"mine","model":"x"}', headers: {} }, 400, 'duplicate_parameter'],
  ['echo', { body: '{"model":"echo"}', headers: {} }, 400, 'endpoint_not_supported'],
] as const)('a transcription with %s is refused', async ([, { body, headers }, status, code]) => {
  const { gateway, upstream } = await startBeforeRaw((socket) => void socket.write(reply(200, {})))
  const answer = await gateway.post(body, headers, '/v1/audio/transcriptions')
  expect([answer.status, errorOf(answer).code]).toEqual([status, code])
  expect(upstream.requests).toEqual([])
  expect(await gateway.records(1)).toMatchObject([{ outcome: 'rejected', status_code: status }])
})

test('another key is tried, then a fallback, and an error is passed on', async () => {
  const { gateway, upstream } = await startBeforeRaw(
    (socket, { body }) => {
      const isFallback = body.includes('other')
      const limited = reply(429, { error: { message: 'slow down' } }, 'application/json', 'retry-after: 7\r\n')
      socket.write(isFallback ? reply(200, { results: [] }) : limited)
    },
    {
      environment: KEYS,
      mappings: { backed: 'openai:first', other: 'openai:other' },
      config: { fallbacks: { backed: ['other'] } },
    },
  )
  const failed = await gateway.post({ model: 'mine', input: 'x' }, {}, '/v1/moderations')
  expect([failed.status, failed.headers['retry-after'], errorOf(failed).message]).toEqual([429, '7', 'slow down'])
  expect(upstream.requests.map(({ headers }) => headers['authorization'])).toEqual([
    'Bearer upstream-key-1',
    'Bearer upstream-key-2',
  ])
  const backed = await gateway.post({ model: 'backed', input: 'x' }, {}, '/v1/moderations')
  expect([backed.status, backed.text]).toEqual([200, '{"results":[]}'])
  expect(await gateway.records(2)).toMatchObject([
    { outcome: 'upstream_error', response: { error: { message: 'slow down' } } },
    { outcome: 'ok', model_original: 'backed', model_mapped: 'other' },
  ])
})

test('a request without a body passes, with its query and its type', async () => {
  const { gateway, upstream } = await startBeforeRaw((socket) => void socket.write(reply(200, 'content', 'text/x')))
  const answer = await gateway.get('/v1/files/file-1/content?a=b%2Fc', { accept: 'text/*', range: 'bytes=0-5' })
  expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([200, 'text/x', 'content'])
  expect(upstream.requests).toMatchObject([
    { path: '/files/file-1/content?a=b%2Fc', body: '', headers: { accept: 'text/*', range: 'bytes=0-5' } },
  ])
  expect(await gateway.records(1)).toMatchObject([
    { endpoint: '/v1/files/:id/content', method: 'GET', model_original: null, model_mapped: null, provider: 'openai' },
  ])
})

test('paths that are not ids, and methods that do not exist, reach no provider', async () => {
  const { gateway, upstream } = await startBeforeRaw((socket) => void socket.write(reply(200, {})))
  const paths = ['/v1/files/..%2fmodels', '/v1/files/%2e%2e', '/v1/responses/a%20b', '/v1/files/a/b/c']
  for (const path of paths) expect([path, (await gateway.get(path)).status]).toEqual([path, 404])
  const wrong = await gateway.post({}, {}, '/v1/files/file-1')
  expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'GET, DELETE, OPTIONS'])
  const compact = await gateway.get('/v1/responses/compact')
  expect([compact.status, compact.headers['allow']]).toEqual([405, 'POST, OPTIONS'])
  for (const method of ['HEAD', 'PUT']) {
    expect((await fetch(`${gateway.url}/files/file-1/content/`, { method })).status).toBe(405)
  }
  expect(upstream.requests).toEqual([])
})
