import { expect, test } from 'vitest'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import { neededKeyVariables, parseTarget } from '../../../kit/gateway-config/targets.ts'

const needed = (text: string) => neededKeyVariables(parseConfigFile(text, 'config.yml'))

test('text before the first colon is a provider only if a provider has that name', () => {
  const providers = new Set(['openai', 'own'])
  expect(parseTarget('openai:gpt-5', providers)).toEqual({ provider: 'openai', model: 'gpt-5' })
  expect(parseTarget('own:a:b', providers)).toEqual({ provider: 'own', model: 'a:b' })
  expect(parseTarget('qwen/qwen3:free', providers)).toEqual({ provider: 'openrouter', model: 'qwen/qwen3:free' })
  expect(parseTarget('plain', providers)).toEqual({ provider: 'openrouter', model: 'plain' })
})

test('keys are needed of the providers that models are mapped to, and of no others', () => {
  expect(needed('model_mappings:\n  gpt-5: openai:gpt-5\n')).toEqual(['OPENAI_API_KEY'])
  expect(needed('model_mappings:\n  a: "anthropic:claude"\n  b: qwen/qwen3\n')).toEqual([
    'OPENROUTER_API_KEY',
    'ANTHROPIC_API_KEY',
  ])
  expect(needed('model_mappings:\n  me: "echo:echo"\n')).toEqual([])
})

test('a mapping that can choose between providers needs none of their keys', () => {
  expect(needed('model_mappings:\n  a: ["openai:a", "anthropic:a"]\n')).toEqual([])
  expect(needed('model_mappings:\n  a: ["openai:a", "openai:b"]\n')).toEqual(['OPENAI_API_KEY'])
})

test('a fallback needs a key if it names a provider; a provider of config.yml may need none', () => {
  const text = `model_mappings:
  a: "own:a"
  b: "free:b"
fallbacks:
  a: ["gemini:gemini-pro", "b"]
providers:
  own: { base_url: "http://127.0.0.1:1" }
  free: { base_url: "http://127.0.0.1:2", key_required: false }
  unused: { base_url: "http://127.0.0.1:3" }
`
  expect(needed(text)).toEqual(['GEMINI_API_KEY', 'OWN_API_KEY'])
})
