import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { providerChoices } from '../../../deploy/plan/provider-choices.ts'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import { packageRoot } from '../../../kit/package-root.ts'

const choicesFor = (config: string) => providerChoices(parseConfigFile(config, 'config.yml'))
const titles = (config: string, isMapped: boolean) =>
  choicesFor(config)
    .filter((choice) => choice.isMapped === isMapped)
    .map(({ title }) => title)

test('every built-in provider is offered, and those that config.yml maps models to are preselected', () => {
  expect(choicesFor('model_mappings: { gpt: "openai:gpt-5" }\n')).toEqual([
    { title: 'OpenRouter', keyVariable: 'OPENROUTER_API_KEY', isMapped: false },
    { title: 'Google Gemini', keyVariable: 'GEMINI_API_KEY', isMapped: false },
    { title: 'OpenAI', keyVariable: 'OPENAI_API_KEY', isMapped: true },
    { title: 'Anthropic', keyVariable: 'ANTHROPIC_API_KEY', isMapped: false },
  ])
  const packaged = readFileSync(join(packageRoot(), 'config.yml'), 'utf8')
  // Its other mappings can choose between providers.
  expect(titles(packaged, true)).toEqual(['OpenRouter'])
})

test('a model without a provider is OpenRouter’s, and the built-in model needs no key', () => {
  expect(titles('model_mappings: { a: "some/model", b: "echo:echo" }\n', true)).toEqual(['OpenRouter'])
})

test('providers of config.yml are offered too if they need a key, each variable once', () => {
  const config = `model_mappings: { a: "groq:llama", b: "local:llama" }
providers:
  groq: { base_url: "https://api.groq.com/openai/v1" }
  mirror: { base_url: "https://mirror.example.com/v1", api_key_env: OPENAI_API_KEY }
  local: { base_url: "http://127.0.0.1:11434/v1", key_required: false }
`
  expect(choicesFor(config).slice(4)).toEqual([{ title: 'groq', keyVariable: 'GROQ_API_KEY', isMapped: true }])
})
