import { expect, test } from 'vitest'
import { parseApiKeys } from '../../../kit/api-keys.ts'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import { Limits } from '../../../proxy/routing/limits.ts'
import { chat, errorOf, eventually, startGateway, startWithUpstream } from '../../helpers/gateway/gateway.ts'

const [ALICE = null, BOB = null] = parseApiKeys('alice:0123456789abcdef,bob:fedcba9876543210')

function limitsOf(limits: object, workers = 1): Limits {
  return new Limits(parseConfigFile(JSON.stringify({ model_mappings: {}, limits }), 'config.yml').limits, workers)
}

/** The code of the refusal, or `ok`. */
function ask(limits: Limits, apiKey = ALICE, { model = 'gpt-5', stream = false } = {}): string {
  return limits.admit({ apiKey, model, stream }).problem?.code ?? 'ok'
}

test('a key has its requests per minute, each key its own', () => {
  const limits = limitsOf({ per_key: { requests_per_minute: 2 }, keys: { bob: { requests_per_minute: null } } })
  expect([ask(limits), ask(limits), ask(limits)]).toEqual(['ok', 'ok', 'rate_limit_exceeded'])
  expect(Array.from({ length: 5 }, () => ask(limits, BOB))).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
  const refused = limits.admit({ apiKey: ALICE, model: 'm', stream: false }).problem
  const waitMs = Number(refused?.headers?.['retry-after-ms'])
  expect(waitMs).toBeGreaterThan(29_000)
  expect(waitMs).toBeLessThanOrEqual(30_000)
  expect(refused?.headers?.['retry-after']).toBe('30')
})

test('the limits of a key may be set by its hash, and all clients without keys share one', () => {
  const byHash = limitsOf({ keys: { [String(ALICE?.hash)]: { requests_per_minute: 1 } } })
  expect([ask(byHash), ask(byHash), ask(byHash, BOB)]).toEqual(['ok', 'rate_limit_exceeded', 'ok'])
  const anonymous = limitsOf({ per_key: { requests_per_minute: 1 } })
  expect([ask(anonymous, null), ask(anonymous, null)]).toEqual(['ok', 'rate_limit_exceeded'])
})

test('limits for an unknown key are refused, at the start and when config.yml is read again', async () => {
  const keys = (...names: string[]) => ({ limits: { keys: Object.fromEntries(names.map((name) => [name, {}])) } })
  const API_KEYS = 'alice:0123456789abcdef,plain'
  const [alice, plain] = parseApiKeys(API_KEYS).map(({ hash }) => hash)
  const problem = `limits.keys: found the key "alcie", allowed: alice, ${plain}`
  await expect(startGateway({ environment: { API_KEYS }, config: keys('alice', 'alcie') })).rejects.toThrow(problem)

  const { gateway } = await startGateway({
    environment: { API_KEYS },
    config: keys('alice', String(alice), String(plain)),
  })
  const changed = parseConfigFile(JSON.stringify({ model_mappings: {}, ...keys('alcie') }), 'config.yml')
  expect(() => gateway.reconfigure(changed)).toThrow(problem)
  await startGateway({ config: keys('anybody') })
})

test('running streams use up a limit, other requests do not', () => {
  const limits = limitsOf({ per_key: { concurrent_streams: 1 } })
  const first = limits.admit({ apiKey: ALICE, model: 'm', stream: true })
  expect(ask(limits, ALICE, { stream: true })).toBe('rate_limit_exceeded')
  expect([ask(limits, ALICE), ask(limits, BOB, { stream: true })]).toEqual(['ok', 'ok'])
  if (!first.problem) first.release()
  expect(ask(limits, ALICE, { stream: true })).toBe('ok')
})

test('a key may be limited to models by name and pattern', () => {
  const limits = limitsOf({ per_key: { models: ['gpt-*', 'claude'] }, keys: { bob: { models: null } } })
  const asked = ['gpt-5', 'claude', 'claude-2', 'GPT-5'].map((model) => ask(limits, ALICE, { model }))
  expect(asked).toEqual(['ok', 'ok', 'model_not_allowed', 'model_not_allowed'])
  expect(ask(limits, BOB, { model: 'anything' })).toBe('ok')
})

test('workers share each limit, and each of them gets at least one', () => {
  const share = limitsOf({ concurrent_requests: 5, per_key: { requests_per_minute: 10 } }, 4)
  expect([ask(share), ask(share)]).toEqual(['ok', 'server_overloaded'])
  const small = limitsOf({ per_key: { requests_per_minute: 2 } }, 4)
  expect([ask(small), ask(small)]).toEqual(['ok', 'rate_limit_exceeded'])
})

test('what a key has used is kept when the limits change', () => {
  const limits = limitsOf({ per_key: { concurrent_streams: 2, requests_per_minute: 100 } })
  const running = limits.admit({ apiKey: ALICE, model: 'm', stream: true })
  const changed = { model_mappings: {}, limits: { per_key: { concurrent_streams: 1 } } }
  limits.configure(parseConfigFile(JSON.stringify(changed), 'config.yml').limits)
  expect(ask(limits, ALICE, { stream: true })).toBe('rate_limit_exceeded')
  if (!running.problem) running.release()
  expect(ask(limits, ALICE, { stream: true })).toBe('ok')
})

const KEYS = { environment: { API_KEYS: 'alice:0123456789abcdef' } }
const AS_ALICE = { authorization: 'Bearer 0123456789abcdef' }

test('a refusal says when to try again and is logged; echo is never refused', async () => {
  const limits = { per_key: { requests_per_minute: 1, models: ['mock/*'] } }
  const { gateway, upstream } = await startWithUpstream({ ...KEYS, config: { limits } })
  expect((await gateway.post(chat('mock/normal'), AS_ALICE)).status).toBe(200)
  const refused = await gateway.post(chat('mock/normal'), AS_ALICE)
  expect([refused.status, errorOf(refused).type]).toEqual([429, 'rate_limit_error'])
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  const forbidden = await gateway.post(chat('gpt-5'), AS_ALICE)
  expect([forbidden.status, errorOf(forbidden)]).toMatchObject([403, { code: 'model_not_allowed', param: 'model' }])
  for (let count = 0; count < 3; count++) expect((await gateway.post(chat('echo'), AS_ALICE)).status).toBe(200)
  expect(upstream.requests).toHaveLength(1)
  const records = await gateway.records(6)
  expect(records[1]).toMatchObject({ status_code: 429, outcome: 'rejected', api_key_name: 'alice', provider: null })
  expect(JSON.stringify(records)).not.toContain('0123456789abcdef')
})

test('the whole gateway has a limit, which is free again when answers end or clients leave', async () => {
  const { gateway } = await startWithUpstream({ config: { limits: { concurrent_requests: 1 } } })
  const gone = new AbortController()
  const body = Buffer.from(JSON.stringify(chat('mock/hang', { stream: true })))
  const hanging = fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', body, signal: gone.signal })
  hanging.catch(() => {})
  await eventually(() => expect(gateway.running.size).toBe(1))
  await eventually(async () => {
    const refused = await gateway.post(chat('mock/normal'))
    expect([refused.status, errorOf(refused).code, refused.headers['retry-after']]).toEqual([
      503,
      'server_overloaded',
      '1',
    ])
  })
  gone.abort()
  await eventually(async () => expect((await gateway.post(chat('mock/normal'))).status).toBe(200))
})
