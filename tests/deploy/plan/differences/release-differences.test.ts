import { expect, test } from 'vitest'
import { releaseDifferences } from '../../../../deploy/plan/differences/release-differences.ts'
import { makeRelease, type ReleaseContent } from '../../../../deploy/plan/release.ts'
import { serverSettings } from '../../../../templates/server-settings.ts'

const CONTENT: ReleaseContent = {
  context: { 'proxy/main.ts': 'aa', 'proxy/old.ts': 'bb' },
  config: 'model_mappings: {}\n',
  environment: { API_KEYS: 'sk-secret-one', OPENAI_API_KEY: 'sk-secret-two', LOG_IMAGES: 'full' },
  settings: serverSettings({ DOMAIN: 'llm.example.com' }, false),
}
const NOW = new Date('2026-11-28T12:00:00Z')
const { manifest } = makeRelease(CONTENT, NOW)

function differences(
  more: Partial<ReleaseContent>,
  before = { config: CONTENT.config, environment: CONTENT.environment },
) {
  return releaseDifferences({ manifest, ...before }, makeRelease({ ...CONTENT, ...more }, NOW))
}

test('names what is new, other or gone, and no value of .env', () => {
  const environment = { API_KEYS: 'sk-secret-three', OPENAI_API_KEY: 'sk-secret-two', GEMINI_API_KEY: 'sk-secret-four' }
  const lines = differences({
    context: { 'proxy/main.ts': 'ab', 'proxy/new.ts': 'cc' },
    config: 'model_mappings: { gpt: "openai:gpt-5" }\n',
    environment,
  })
  expect(lines).toEqual([
    'files of the gateway: proxy/main.ts, proxy/new.ts, proxy/old.ts',
    'config.yml:',
    '  -model_mappings: {}',
    '  +model_mappings: { gpt: "openai:gpt-5" }',
    'values of .env: API_KEYS, GEMINI_API_KEY (new), LOG_IMAGES (removed)',
  ])
  expect(lines.join()).not.toContain('secret')
})

test('shows no more than five files', () => {
  const context = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`proxy/${index}.ts`, 'x']))
  expect(differences({ context })[0]).toBe(
    'files of the gateway: proxy/0.ts, proxy/1.ts, proxy/2.ts, proxy/3.ts, proxy/4.ts and 6 more',
  )
})

test('says nothing about what it cannot compare', () => {
  const { config, environment } = { config: 'model_mappings: { x: "openai:y" }\n', environment: {} }
  expect(
    releaseDifferences(
      { manifest, config: null, environment: null },
      makeRelease({ ...CONTENT, config, environment }, NOW),
    ),
  ).toEqual([])
})
