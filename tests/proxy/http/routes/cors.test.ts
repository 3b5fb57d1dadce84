import { request } from 'undici'
import { expect, test } from 'vitest'
import { chat, startGateway, startWithUpstream } from '../../../helpers/gateway/gateway.ts'

test('a browser may ask for permission first, with or without an Origin header', async () => {
  const gateway = await startGateway({ environment: { API_KEYS: 'a-secret-key', CORS_ORIGINS: '*' } })
  for (const path of ['/v1/chat/completions', '/chat/completions']) {
    const response = await request(gateway.url + path, { method: 'OPTIONS' })
    expect([response.statusCode, await response.body.text()]).toEqual([200, ''])
    expect(response.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-allow-headers': 'Content-Type, Authorization',
      'access-control-max-age': '86400',
    })
  }
  const answer = await gateway.post(chat('echo'), { authorization: 'Bearer a-secret-key', origin: 'https://a.test' })
  expect(answer.headers['access-control-allow-origin']).toBe('*')
})

test.for([{}, { API_KEYS: 'a-secret-key' }])(
  'pages of other origins cannot read answers by default (%o)',
  async (environment) => {
    const gateway = await startGateway({ environment })
    const authorization = 'Bearer a-secret-key'
    for (const origin of ['https://a.test', 'null', 'http://localhost:3000']) {
      const answer = await gateway.post(chat('echo'), { origin, authorization })
      const { headers } = await request(`${gateway.url}/v1/models`, { method: 'OPTIONS', headers: { origin } })
      for (const shown of [answer.headers, headers]) expect(shown['access-control-allow-origin']).toBeUndefined()
    }
  },
)

test('without keys, pages of other origins may not use the gateway', async () => {
  const { gateway } = await startWithUpstream()
  const post = async (origin: string) => {
    const { statusCode, body } = await request(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { origin },
      body: JSON.stringify(chat('mock/normal')),
    })
    return [statusCode, (await body.text()).includes('origin_not_allowed')]
  }
  expect(await post('https://evil.example')).toEqual([403, true])
  expect(await post('null')).toEqual([403, true])
  expect(await post(gateway.url)).toEqual([200, false])
})

/** What the libraries of OpenAI and Anthropic send from a page, and our own header. */
const OF_LIBRARIES =
  'authorization,content-type,x-api-key,anthropic-version,x-stainless-os,x-stainless-timeout,x-dialog-id'

test('a page may send every header that it asks for', async () => {
  const gateway = await startGateway({ environment: { API_KEYS: 'a-secret-key', CORS_ORIGINS: 'https://a.test' } })
  for (const path of ['/v1/chat/completions', '/v1/messages', '/v1/models']) {
    const { headers } = await request(gateway.url + path, {
      method: 'OPTIONS',
      headers: { origin: 'https://a.test', 'access-control-request-headers': OF_LIBRARIES },
    })
    expect(headers['access-control-allow-headers']).toBe(OF_LIBRARIES)
  }
})

test('a page may read the headers that libraries read', async () => {
  const { gateway } = await startWithUpstream({ environment: { API_KEYS: 'a-secret-key', CORS_ORIGINS: '*' } })
  const answer = await gateway.post(chat('mock/429'), {
    authorization: 'Bearer a-secret-key',
    origin: 'https://a.test',
  })
  const exposed = String(answer.headers['access-control-expose-headers']).split(', ')
  expect(exposed).toEqual(
    expect.arrayContaining(['x-request-id', 'retry-after', 'retry-after-ms', 'x-ratelimit-remaining-requests', '*']),
  )
  const refused = await gateway.post(chat('mock/429'), { origin: 'https://a.test' })
  expect(refused.headers['access-control-allow-origin']).toBe('*')
})

test.for([{ API_KEYS: 'a-secret-key' }, {}])('CORS_ORIGINS says which pages may use the gateway (%o)', async (keys) => {
  const environment = { ...keys, CORS_ORIGINS: 'https://app.example, http://localhost:3000' }
  const gateway = await startGateway({ environment })
  const post = async (origin: string) => {
    const { status, headers } = await gateway.post(chat('echo'), { origin, authorization: 'Bearer a-secret-key' })
    return [status, headers['access-control-allow-origin'], headers['vary']]
  }
  expect(await post('https://app.example')).toEqual([200, 'https://app.example', 'origin'])
  expect(await post('http://localhost:3000')).toEqual([200, 'http://localhost:3000', 'origin'])
  const isOpen = 'API_KEYS' in keys
  // With keys it is the browser that refuses.
  expect(await post('https://evil.example')).toEqual([isOpen ? 200 : 403, undefined, 'origin'])
  const { headers } = await request(`${gateway.url}/v1/models`, { method: 'OPTIONS', headers: { origin: 'null' } })
  expect(headers['access-control-allow-origin']).toBeUndefined()
})
