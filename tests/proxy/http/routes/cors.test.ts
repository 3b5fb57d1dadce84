import { request } from 'undici'
import { expect, test } from 'vitest'
import { chat, startGateway, startWithUpstream } from '../../../helpers/gateway/gateway.ts'

test('a browser may ask for permission first, with or without an Origin header', async () => {
  const gateway = await startGateway({ environment: { API_KEYS: 'a-secret-key' } })
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

test('without keys, pages of other origins cannot read answers', async () => {
  const gateway = await startGateway()
  const answer = await gateway.post(chat('echo'), { origin: 'https://a.test' })
  expect(answer.headers['access-control-allow-origin']).toBeUndefined()
})

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
