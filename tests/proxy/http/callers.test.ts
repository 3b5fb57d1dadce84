import { request } from 'undici'
import { expect, test } from 'vitest'
import { Callers } from '../../../proxy/http/callers.ts'
import { gatewaySettings } from '../../../proxy/settings.ts'
import { chat, errorOf, startGateway, startWithUpstream, type TestGateway } from '../../helpers/gateway/gateway.ts'

const callers = (environment: Record<string, string>) => new Callers(gatewaySettings(environment, '/srv/app'))

test('without keys only loopback names may be used, and those of ALLOWED_HOSTS', () => {
  const plain = callers({})
  const loopback = [
    'localhost',
    'LOCALHOST:8123',
    'localhost.',
    'app.localhost:1',
    '127.0.0.1:8123',
    '127.9.9.9',
    '[::1]:80',
  ]
  for (const host of loopback) expect(plain.mayUseHost(host), host).toBe(true)
  const foreign = [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'xlocalhost',
    '',
    '192.168.1.5',
    '[::2]',
  ]
  for (const host of [...foreign, undefined]) expect(plain.mayUseHost(host), host).toBe(false)
  const named = callers({ ALLOWED_HOSTS: 'Gateway.lan, 192.168.1.5' })
  for (const host of ['gateway.lan:8123', 'GATEWAY.LAN', '192.168.1.5', 'localhost'])
    expect(named.mayUseHost(host)).toBe(true)
  expect(named.mayUseHost('evil.example')).toBe(false)
})

test('with keys every name may be used, unless ALLOWED_HOSTS is set', () => {
  expect(callers({ API_KEYS: 'k' }).hasHostRule).toBe(false)
  expect(callers({ API_KEYS: 'k', ALLOWED_HOSTS: 'a.example' }).mayUseHost('b.example')).toBe(false)
})

/** A page at another name that leads to this machine: for the browser, gateway and page have one origin. */
async function asReboundPage({ url }: TestGateway, path: string, method: 'GET' | 'POST' = 'GET') {
  const { port } = new URL(url)
  const host = `evil.example:${port}`
  const body = method === 'POST' ? JSON.stringify(chat('mock/normal')) : undefined
  const headers = { host, origin: `http://${host}`, 'content-type': 'application/json' }
  const response = await request(url + path, { method, headers, body: body ?? null })
  return { status: response.statusCode, text: await response.body.text() }
}

test('without keys a page cannot use the gateway under another name', async () => {
  const { gateway, upstream } = await startWithUpstream()
  const post = await asReboundPage(gateway, '/v1/chat/completions', 'POST')
  expect([post.status, errorOf(post).code]).toEqual([403, 'host_not_allowed'])
  for (const path of ['/v1/models', '/health', '/v1/models/echo', '/nowhere']) {
    expect((await asReboundPage(gateway, path)).status, path).toBe(403)
  }
  expect(JSON.parse((await asReboundPage(gateway, '/v1/messages', 'POST')).text)).toMatchObject({
    type: 'error',
    error: { type: 'permission_error' },
  })
  expect(upstream.requests).toEqual([])
  expect(gateway.gateway.metrics.rejected.get('host_not_allowed')).toBe(6)
})

test('with keys ALLOWED_HOSTS concerns everything but the checks of load balancers', async () => {
  const gateway = await startGateway({ environment: { API_KEYS: 'k', ALLOWED_HOSTS: 'gateway.example' } })
  expect((await asReboundPage(gateway, '/v1/models')).status).toBe(403)
  expect((await asReboundPage(gateway, '/health')).status).toBe(200)
  expect((await asReboundPage(gateway, '/ready')).status).toBe(200)
})
