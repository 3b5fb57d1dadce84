import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { packageRoot } from '../../../kit/package-root.ts'
import { errorOf, startGateway, startUpstream } from '../../helpers/gateway/gateway.ts'

const MAPPINGS = parse(readFileSync(join(packageRoot(), 'config.yml'), 'utf8')).model_mappings

const QUESTION = { messages: [{ role: 'user', content: 'Hi there' }], max_tokens: 9, input: 'Hi there' }
const PATHS = { chat: '/v1/chat/completions', embeddings: '/v1/embeddings', messages: '/v1/messages' }

/** The packaged config.yml with the key of one provider, which is a mock. */
async function withKeyOf(provider: string) {
  const upstream = await startUpstream()
  const name = provider.toUpperCase()
  const environment = { [`${name}_API_KEY`]: 'the-key', [`${name}_BASE_URL`]: upstream.url }
  const gateway = await startGateway({ environment, mappings: MAPPINGS })
  const ask = async (model: string, path: keyof typeof PATHS) => {
    const response = await gateway.post({ ...QUESTION, model }, {}, PATHS[path])
    const code = response.status === 200 ? undefined : errorOf(response).code
    return [response.status, code ?? JSON.parse(upstream.requests.at(-1)?.body ?? '{}').model]
  }
  const { data } = JSON.parse((await gateway.get('/v1/models')).text)
  const owners = new Set(data.map(({ owned_by }: { owned_by: string }) => owned_by))
  return { ask, owners: [...owners].sort() }
}

test('with the key of OpenAI alone, its models are served by their own names', async () => {
  const { ask, owners } = await withKeyOf('openai')
  for (const model of ['gpt-4o', 'gpt-5', 'gpt-4.1', 'o3', 'o4-mini'])
    expect(await ask(model, 'chat')).toEqual([200, model])
  const model = 'text-embedding-3-small'
  expect(await ask(model, 'embeddings')).toEqual([200, model])
  expect(await ask('mistral-small', 'chat')).toEqual([503, 'provider_not_configured'])
  expect(owners).toEqual(['echo', 'openai'])
})

test('with the key of Anthropic alone, its models are served by their own names', async () => {
  const { ask, owners } = await withKeyOf('anthropic')
  const model = 'claude-sonnet-4-5-20250929'
  expect(await ask(model, 'messages')).toEqual([200, model])
  expect(await ask('claude-sonnet', 'messages')).toEqual([200, 'claude-sonnet-4-5'])
  expect(owners).toEqual(['anthropic', 'echo'])
})

test('with the key of Google alone, its models are served by their own names', async () => {
  const { ask, owners } = await withKeyOf('gemini')
  expect(await ask('gemini-2.5-pro', 'chat')).toEqual([200, 'gemini-2.5-pro'])
  expect(await ask('models/gemini-2.5-pro', 'chat')).toEqual([200, 'gemini-2.5-pro'])
  expect(owners).toEqual(['echo', 'gemini'])
})

test('with the key of OpenRouter alone, it serves the models of all of them', async () => {
  const { ask, owners } = await withKeyOf('openrouter')
  expect(await ask('gpt-4o', 'chat')).toEqual([200, 'openai/gpt-4o'])
  expect(await ask('claude-sonnet-4-5-20250929', 'messages')).toEqual([200, 'anthropic/claude-sonnet-4.5'])
  expect(await ask('gemini-2.5-pro', 'chat')).toEqual([200, 'google/gemini-2.5-pro'])
  expect(await ask('openrouter/auto', 'chat')).toEqual([200, 'openrouter/auto'])
  expect(owners).toEqual(['echo', 'openrouter'])
})
