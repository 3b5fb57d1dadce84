import { expect, test } from 'vitest'
import { errorOf, type GatewayOptions, startGateway, startWithUpstream } from '../../../helpers/gateway/gateway.ts'
import { reply, startBeforeRaw } from '../../../helpers/gateway/raw-upstream.ts'

test('the list of models has every name, including echo, and no pattern', async () => {
  const gateway = await startGateway({
    mappings: { 'gpt-5': 'openai/gpt-5', 'g*': 'gemini:x', flash: 'gemini:flash' },
    environment: { OPENROUTER_API_KEY: 'k', GEMINI_API_KEY: 'k' },
  })
  const list = await gateway.get('/v1/models')
  const model = (id: string, owner: string) => ({
    id,
    object: 'model',
    created: 1677610602,
    owned_by: owner,
    permission: [],
    root: id,
    parent: null,
  })
  expect(JSON.parse(list.text)).toEqual({
    object: 'list',
    data: [model('gpt-5', 'openrouter'), model('flash', 'gemini'), model('echo', 'echo')],
  })
  expect((await gateway.get('/models')).text).toBe(list.text)
})

test('a model is found by its id, which may contain slashes', async () => {
  const { gateway } = await startWithUpstream({ mappings: { 'team/fast': 'openrouter:x' } })
  const named = await gateway.get('/v1/models/team/fast')
  expect(JSON.parse(named.text)).toMatchObject({ id: 'team/fast', object: 'model', owned_by: 'openrouter' })
  expect(JSON.parse((await gateway.get('/models/mock/any')).text)).toMatchObject({ id: 'mock/any' })
  expect(JSON.parse((await gateway.get('/v1/models/team%2Ffast')).text)).toMatchObject({ id: 'team/fast' })
  const unknown = await gateway.get('/v1/models/nowhere')
  expect([unknown.status, errorOf(unknown).code]).toEqual([404, 'model_not_found'])
})

test('a model whose provider has no key is left out, unless a fallback serves it', async () => {
  const gateway = await startGateway({
    mappings: { a: 'openai:a', b: 'gemini:b', c: ['openai:c', 'gemini:c'], 'x-*': 'openai:*', d: 'openai:d' },
    environment: { GEMINI_API_KEY: 'k' },
    config: { fallbacks: { d: ['b'] } },
  })
  const { data } = JSON.parse((await gateway.get('/v1/models')).text)
  const owners = data.map(({ id, owned_by }: { id: string; owned_by: string }) => [id, owned_by])
  expect(owners).toEqual([
    ['b', 'gemini'],
    ['c', 'gemini'],
    ['d', 'gemini'],
    ['echo', 'echo'],
  ])
  expect((await gateway.get('/v1/models/a')).status).toBe(404)
  expect((await gateway.get('/v1/models/x-1')).status).toBe(404)
  expect((await gateway.get('/v1/models/c')).status).toBe(200)
})

test('the list of models needs a key if MODELS_REQUIRE_KEY is on', async () => {
  const gateway = await startGateway({ environment: { API_KEYS: 'a-secret-key', MODELS_REQUIRE_KEY: 'True' } })
  expect((await gateway.get('/v1/models')).status).toBe(401)
  expect((await gateway.get('/v1/models', { authorization: 'Bearer a-secret-key' })).status).toBe(200)
})

/** A provider that lists these models. */
function startListing(ids: string[], options: GatewayOptions = {}) {
  const list = reply(200, { object: 'list', data: ids.map((id) => ({ id, object: 'model' })) })
  return startBeforeRaw((socket) => void socket.write(list), options)
}

const idsOf = ({ text }: { text: string }) => JSON.parse(text).data.map(({ id }: { id: string }) => id)

test('the list has the models of a provider that patterns lead to, by the names that lead there', async () => {
  const { gateway, upstream } = await startListing(['gpt-5', 'gpt-4o', 'o3', 'x/gpt-4', 'gpt-4o-mini'], {
    mappings: {
      'gpt-*': 'openai:gpt-*',
      'gpt-4o*': 'openai:gpt-4o*',
      'team/*': 'openai:*',
      'gpt-5': 'gemini:other',
      'fixed-*': 'openai:o3',
      'far-*': 'gemini:*',
      'mine*': 'openai:*',
    },
  })
  const lists = await Promise.all([gateway.get('/v1/models'), gateway.get('/v1/models')])
  for (const list of lists) {
    expect(idsOf(list).sort()).toEqual([
      ...['echo', 'gpt-4o', 'gpt-4o-mini', 'mine'],
      ...['minegpt-4o', 'minegpt-4o-mini', 'minegpt-5', 'mineo3', 'minex/gpt-4'],
      ...['team/gpt-4o', 'team/gpt-4o-mini', 'team/gpt-5', 'team/o3', 'team/x/gpt-4'],
    ])
  }
  expect(upstream.requests).toMatchObject([{ path: '/models', headers: { authorization: 'Bearer upstream-key-1' } }])
})

test('while a provider fails, the models that are mapped by name are listed', async () => {
  const { gateway, upstream } = await startBeforeRaw((socket) => void socket.write(reply(500, 'broken')), {
    mappings: { 'gpt-*': 'openai:gpt-*' },
  })
  for (let at = 0; at < 3; at++) expect(idsOf(await gateway.get('/v1/models'))).toEqual(['mine', 'echo'])
  expect(upstream.requests).toHaveLength(1)
})

test('clients of Anthropic get the form of its API', async () => {
  const { gateway, upstream } = await startListing(['claude-9'], {
    mappings: { 'claude-*': 'claude:claude-*', mine: 'claude:mine' },
  })
  const version = { 'anthropic-version': '2023-06-01' }
  const model = (id: string) => ({ type: 'model', id, display_name: id, created_at: '2023-02-28T18:56:42.000Z' })
  expect(JSON.parse((await gateway.get('/v1/models', version)).text)).toEqual({
    data: [model('mine'), model('echo'), model('claude-9')],
    has_more: false,
    first_id: 'mine',
    last_id: 'claude-9',
  })
  expect(JSON.parse((await gateway.get('/v1/models/claude-x', version)).text)).toEqual(model('claude-x'))
  expect(JSON.parse((await gateway.get('/v1/models/x', version)).text)).toMatchObject({ type: 'error' })
  expect(upstream.requests).toMatchObject([{ path: '/models?limit=1000', headers: version }])
})

test('a caller without a key makes the gateway ask no provider', async () => {
  const { gateway, upstream } = await startListing(['gpt-5'], {
    mappings: { 'gpt-*': 'openai:gpt-*' },
    environment: { API_KEYS: 'a-secret-key' },
  })
  expect(idsOf(await gateway.get('/v1/models', { authorization: 'Bearer wrong' }))).toEqual(['mine', 'echo'])
  expect(upstream.requests).toEqual([])
  expect(idsOf(await gateway.get('/v1/models', { 'api-key': 'a-secret-key' }))).toEqual(['mine', 'echo', 'gpt-5'])
})

test('the list has only the models that the key of the caller may use', async () => {
  const { gateway } = await startListing(['gpt-5', 'gpt-4o', 'o3'], {
    mappings: { 'gpt-*': 'openai:gpt-*', 'o*': 'openai:o*' },
    environment: { API_KEYS: 'all:a-key-for-all-models,one:a-key-for-one-model' },
    config: { limits: { keys: { one: { models: ['gpt-4*', 'mine'] } } } },
  })
  const listFor = async (headers: Record<string, string>) => idsOf(await gateway.get('/v1/models', headers)).sort()
  expect(await listFor({ 'x-api-key': 'a-key-for-all-models' })).toEqual(['echo', 'gpt-4o', 'gpt-5', 'mine', 'o3'])
  expect(await listFor({ 'x-api-key': 'a-key-for-one-model' })).toEqual(['echo', 'gpt-4o', 'mine'])
  expect(await listFor({})).toEqual(['echo', 'mine'])
})
