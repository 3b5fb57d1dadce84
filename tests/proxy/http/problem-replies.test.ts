import { expect, test } from 'vitest'
import { errorOf, startGateway } from '../../helpers/gateway/gateway.ts'

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
