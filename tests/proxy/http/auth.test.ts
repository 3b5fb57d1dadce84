import { expect, test } from 'vitest'
import { parseApiKeys } from '../../../kit/api-keys.ts'
import { createAuthenticator } from '../../../proxy/http/auth.ts'
import { chat, startGateway, startWithUpstream } from '../../helpers/gateway/gateway.ts'

const authenticate = createAuthenticator(parseApiKeys(' plain , laptop:0123456789abcdef,short:key,ключ'))

function nameOf(authorization: string | undefined): string {
  const result = authenticate({ ...(authorization !== undefined && { authorization }) })
  if (!result.ok) return `refused: ${result.problem.code}`
  return result.key?.name ?? 'unnamed'
}

test('keys are trimmed, named and accepted in each of their forms', () => {
  expect(nameOf('Bearer plain')).toBe('unnamed')
  expect(nameOf('bearer plain')).toBe('unnamed')
  expect(nameOf('BEARER  plain ')).toBe('unnamed')
  expect(nameOf('Bearer 0123456789abcdef')).toBe('laptop')
  expect(nameOf('Bearer laptop:0123456789abcdef')).toBe('laptop')
  expect(nameOf('Bearer short:key')).toBe('unnamed')
})

test('everything else is refused', () => {
  for (const missing of [undefined, '', 'Bearer', 'Bearer ', 'Basic plain', 'plain']) {
    expect(nameOf(missing)).toBe('refused: null')
  }
  for (const wrong of [
    'Bearer key',
    'Bearer laptop',
    'Bearer plai',
    'Bearer plain,',
    'Bearer PLAIN',
    'Bearer plain x',
  ]) {
    expect(nameOf(wrong)).toBe('refused: invalid_api_key')
  }
})

test('x-api-key is accepted too, and one right key is enough', () => {
  const right = { 'x-api-key': '0123456789abcdef' }
  expect(authenticate(right)).toMatchObject({ ok: true, key: { name: 'laptop' } })
  expect(authenticate({ ...right, authorization: 'Bearer wrong' })).toMatchObject({ ok: true, key: { name: 'laptop' } })
  expect(authenticate({ 'x-api-key': 'wrong' })).toMatchObject({ ok: false, problem: { code: 'invalid_api_key' } })
  expect(authenticate({ 'x-api-key': '' })).toMatchObject({ ok: false, problem: { code: null } })
})

test('a key is accepted in more spellings than are kept, and a wrong one is refused again', () => {
  const spellings = Array.from({ length: 1_100 }, (_, at) => `Bearer ${' '.repeat(at)}plain`)
  for (const spelling of [...spellings, ...spellings]) expect(nameOf(spelling)).toBe('unnamed')
  for (const _ of [1, 2]) expect(nameOf('Bearer wrong')).toBe('refused: invalid_api_key')
})

test('characters beyond ASCII break nothing', () => {
  expect(nameOf(`Bearer ${Buffer.from('ключ').toString('latin1')}`)).toBe('unnamed')
  expect(nameOf(`Bearer ${Buffer.from('ключи').toString('latin1')}`)).toBe('refused: invalid_api_key')
})

test('both forms of a named key have one hash', () => {
  const [short, long] = ['0123456789abcdef', 'laptop:0123456789abcdef'].map((key) =>
    authenticate({ authorization: `Bearer ${key}` }),
  )
  expect(short).toEqual(long)
})

test('without a valid key only health and the list of models are served, and nothing is logged', async () => {
  const { gateway, upstream } = await startWithUpstream({ environment: { API_KEYS: 'a-secret-key' } })
  const missing = await gateway.post(chat('mock/normal'))
  expect([missing.status, JSON.parse(missing.text).error]).toEqual([
    401,
    { message: expect.any(String), type: 'invalid_request_error', param: null, code: null },
  ])
  const wrong = await gateway.post(chat('mock/normal'), { authorization: 'Bearer another-secret-key' })
  expect([wrong.status, JSON.parse(wrong.text).error.code]).toEqual([401, 'invalid_api_key'])
  expect(wrong.text).not.toContain('another-secret-key')
  expect(wrong.headers['x-request-id']).toMatch(/^req_/)
  expect((await gateway.get('/health')).status).toBe(200)
  expect((await gateway.get('/ready')).status).toBe(200)
  expect((await gateway.get('/v1/models')).status).toBe(200)
  expect(upstream.requests).toEqual([])
  await gateway.records(0)
})

test('a large body without a key is answered, and the gateway keeps serving', async () => {
  const gateway = await startGateway({ environment: { API_KEYS: 'a-secret-key' } })
  const response = await gateway.post(chat('echo', { padding: 'x'.repeat(3_000_000) }))
  expect(response.status).toBe(401)
  expect((await gateway.get('/health')).status).toBe(200)
})

test('the record names the key by its hash, never by itself', async () => {
  const environment = { API_KEYS: 'laptop:0123456789abcdef', LOG_HASH_SECRET: 'pepper' }
  const gateway = await startGateway({ environment })
  await gateway.post(chat('echo'), { authorization: 'Bearer 0123456789abcdef' })
  const [record] = await gateway.records(1)
  const [key] = parseApiKeys('laptop:0123456789abcdef', 'pepper')
  expect(record).toMatchObject({ api_key_hash: key?.hash, api_key_name: 'laptop' })
  expect(JSON.stringify(record) + gateway.operatorLog.join('')).not.toContain('0123456789abcdef')
})
