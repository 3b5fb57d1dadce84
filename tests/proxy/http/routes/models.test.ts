import { expect, test } from 'vitest'
import { errorOf, startGateway, startWithUpstream } from '../../../helpers/gateway/gateway.ts'

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
