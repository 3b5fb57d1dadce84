import { expect, test } from 'vitest'
import { errorOf, startGateway } from '../../helpers/gateway/gateway.ts'
import { exchangeRaw } from '../../helpers/gateway/raw-client.ts'

test('unknown paths and methods are OpenAI errors without a record', async () => {
  const gateway = await startGateway()
  const unknown = await gateway.get('/v2/nothing?a=b')
  expect([unknown.status, errorOf(unknown)]).toEqual([
    404,
    { message: 'Invalid URL (GET /v2/nothing)', type: 'invalid_request_error', param: null, code: 'unknown_url' },
  ])
  const wrongMethod = await gateway.get('/v1/chat/completions')
  expect([wrongMethod.status, errorOf(wrongMethod).code]).toEqual([405, 'method_not_supported'])
  expect(wrongMethod.headers['allow']).toBe('POST, OPTIONS')
  const malformed = await gateway.get('/%zz')
  expect([malformed.status, malformed.headers['x-request-id']]).toEqual([404, expect.any(String)])
  await gateway.records(0)
})

test('a WebSocket request is answered with the status that makes Codex use HTTP at once', async () => {
  const gateway = await startGateway()
  const upgrade = (path: string) =>
    exchangeRaw(
      gateway.url,
      `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      { waitMs: 300 },
    )
  const { received } = await upgrade('/v1/responses')
  expect(received.split('\r\n')[0]).toBe('HTTP/1.1 426 Upgrade Required')
  expect(received).toContain('\r\nupgrade: HTTP/1.1\r\n')
  expect(received).toContain('websocket_not_supported')
  expect((await upgrade('/v2/responses')).received).toContain(' 404 ')
})
