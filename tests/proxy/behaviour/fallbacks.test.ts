import { expect, test } from 'vitest'
import { compileRouting } from '../../../proxy/routing/routing.ts'
import {
  chat,
  chunksOf,
  dialogWithFirst,
  errorOf,
  startGateway,
  startUpstream,
  startWithUpstream,
} from '../../helpers/gateway/gateway.ts'

test('a fallback is a mapped name, a provider with a model, or a model of OpenRouter', () => {
  const { fallbacks } = compileRouting({
    mappings: { small: 'gemini:flash' },
    fallbacks: { big: ['small', 'gemini:pro', 'meta/llama:free'], 'gpt-*': ['openrouter:openai/gpt-*'] },
    providers: new Set(['gemini', 'openrouter']),
  })
  expect(fallbacks('big').map(({ provider, model }) => `${provider} ${model}`)).toEqual([
    'gemini flash',
    'gemini pro',
    'openrouter meta/llama:free',
  ])
  expect(fallbacks('gpt-5')[0]).toMatchObject({ provider: 'openrouter', model: 'openai/gpt-5' })
  expect(fallbacks('other')).toEqual([])
})

test.for(['500', '503-html', '429', '401', '402', '403', 'error-200'])(
  'a model that fails with %s is answered by its fallback',
  async (mode) => {
    const config = { fallbacks: { 'mock/*': ['mock/normal'] } }
    const { gateway, upstream } = await startWithUpstream({ config })
    const response = await gateway.post(chat(`mock/${mode}`))
    expect(response.status).toBe(200)
    expect(upstream.requests.map(({ body }) => JSON.parse(body).model)).toEqual([`mock/${mode}`, 'mock/normal'])
    expect((await gateway.records(1))[0]).toMatchObject({
      outcome: 'ok',
      model_original: `mock/${mode}`,
      model_mapped: 'mock/normal',
      retries: 1,
    })
    expect(gateway.operatorLog.join('')).toContain('on to openrouter:mock/normal')
  },
)

test.for(['400', '404', '422'])('an error of the request itself (%s) is reported at once', async (mode) => {
  const config = { fallbacks: { 'mock/*': ['mock/normal'] } }
  const { gateway, upstream } = await startWithUpstream({ config })
  await gateway.post(chat(`mock/${mode}`))
  expect(upstream.requests).toHaveLength(1)
})

test('a provider that cannot be reached, or sends nothing, is skipped too', async () => {
  const upstream = await startUpstream()
  const gateway = await startGateway({
    environment: { DEAD_API_KEY: 'k', OPENROUTER_API_KEY: 'k', OPENROUTER_BASE_URL: upstream.url },
    mappings: { 'mock/*': 'openrouter:mock/*', gone: 'dead:x' },
    config: {
      providers: { dead: { base_url: 'http://127.0.0.1:1/v1' } },
      fallbacks: { gone: ['mock/normal'], 'mock/hang': ['gone', 'mock/normal'] },
      limits: { first_byte_timeout_s: 0.3 },
    },
  })
  expect((await gateway.post(chat('gone'))).status).toBe(200)
  expect((await gateway.post(chat('mock/hang'))).status).toBe(200)
  const [, afterHang] = await gateway.records(2)
  expect(afterHang).toMatchObject({ model_original: 'mock/hang', model_mapped: 'mock/normal', provider: 'openrouter' })
})

test('a provider without a key is skipped; if none answers, the last failure is reported', async () => {
  const config = { fallbacks: { 'gpt-5': ['mock/500', 'mock/429'] } }
  const { gateway, upstream } = await startWithUpstream({ config, mappings: { 'gpt-5': 'openai:gpt-5' } })
  const response = await gateway.post(chat('gpt-5'))
  expect([response.status, response.headers['retry-after']]).toEqual([429, '7'])
  expect(upstream.requests).toHaveLength(2)
})

test('after the first byte nothing is tried again', async () => {
  const config = { fallbacks: { 'mock/*': ['mock/normal'] } }
  const { gateway, upstream } = await startWithUpstream({ config })
  const response = await gateway.post(chat('mock/reset-2', { stream: true }))
  expect(response.text).toContain('upstream_disconnected')
  expect(chunksOf(response.text)).not.toHaveLength(0)
  expect(upstream.requests).toHaveLength(1)
})

test('keys of a provider are used in turn by requests that belong to no conversation', async () => {
  const { gateway, upstream } = await startWithUpstream({ environment: { OPENROUTER_API_KEY: 'key-1, key-2,key-3' } })
  for (let count = 0; count < 4; count++)
    await gateway.post({ model: 'mock/normal', input: 'Hi' }, {}, '/v1/embeddings')
  const used = upstream.requests.map(({ headers }) => headers.authorization)
  expect(used).toEqual(['Bearer key-1', 'Bearer key-2', 'Bearer key-3', 'Bearer key-1'])
})

test('a refused key is not used for as long as the provider says, and another key is used', async () => {
  const environment = { OPENROUTER_API_KEY: 'secret-1,secret-2' }
  const dialog = dialogWithFirst(['secret-1', 'secret-2'])
  const { gateway, upstream } = await startWithUpstream({ environment })
  for (let count = 0; count < 3; count++) {
    expect((await gateway.post(chat('mock/429-for-key-1'), dialog)).status).toBe(200)
  }
  const used = upstream.requests.map(({ headers }) => headers.authorization)
  expect(used).toEqual(['Bearer secret-1', 'Bearer secret-2', 'Bearer secret-2', 'Bearer secret-2'])
  expect(gateway.operatorLog.join('')).not.toMatch(/secret-[12]/)
})

test('while all keys cool down, the fallback is tried first; without one, the provider is', async () => {
  const config = { fallbacks: { 'mock/429': ['mock/normal'] } }
  const { gateway, upstream } = await startWithUpstream({ config, environment: { OPENROUTER_API_KEY: 'key-1' } })
  await gateway.post(chat('mock/429'))
  const lone = await gateway.post(chat('mock/500'))
  expect([lone.status, errorOf(lone).message]).toEqual([500, 'Internal error'])
  expect(upstream.requests).toHaveLength(3)
})
