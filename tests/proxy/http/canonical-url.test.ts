import { expect, test } from 'vitest'
import { canonicalUrl } from '../../../proxy/http/canonical-url.ts'
import { chat, errorOf, startGateway } from '../../helpers/gateway/gateway.ts'
import { exchangeRaw } from '../../helpers/gateway/raw-client.ts'

test('doubled slashes and /v1 given twice are one', () => {
  expect(canonicalUrl('/v1/chat/completions?a=//b')).toBe('/v1/chat/completions?a=//b')
  expect(canonicalUrl('//v1///chat//completions/?a=//b')).toBe('/v1/chat/completions/?a=//b')
  expect(canonicalUrl('/v1/v1/v1/models')).toBe('/v1/models')
  expect(canonicalUrl('/v1//v1/models')).toBe('/v1/models')
  expect(canonicalUrl('/v1/models/v1/v1')).toBe('/v1/models/v1/v1')
})

test('base URLs that end with a slash or with /v1 twice lead to the same endpoints', async () => {
  const gateway = await startGateway()
  const paths = ['/v1/chat/completions/', '/v1//chat/completions', '//v1/chat/completions', '/v1/v1/chat/completions']
  for (const path of paths) expect((await gateway.post(chat('echo'), {}, path)).status, path).toBe(200)
  expect((await gateway.get('/v1//models')).status).toBe(200)
  const wrongMethod = await gateway.get('/v1//chat/completions')
  expect([wrongMethod.status, errorOf(wrongMethod).code]).toEqual([405, 'method_not_supported'])
  for (const record of await gateway.records(paths.length)) expect(record.endpoint).toBe('/v1/chat/completions')
})

test.for([
  ['GET http://127.0.0.1/v1/models', 'localhost', 200],
  ['GET HTTP://localhost:8080//v1/models?x=http://y', 'localhost', 200],
  ['GET http://localhost/health', 'evil.example', 200],
  ['GET http://localhost/v1/models#/../x', 'localhost', 200],
  ['GET http://localhost', 'localhost', 404],
  ['GET http://localhost?x', 'localhost', 404],
  ['GET http://evil.example/v1/models', 'localhost', 403],
  ['GET http://localhost@evil.example/v1/models', 'localhost', 403],
  ['GET ftp://localhost/v1/models', 'localhost', 404],
  ['OPTIONS *', 'localhost', 404],
] as const)('a target that is a whole URL is taken as its path: %s', async ([target, host, status]) => {
  const gateway = await startGateway()
  const head = `${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`
  expect((await exchangeRaw(gateway.url, head)).received.slice(9, 12)).toBe(String(status))
})
