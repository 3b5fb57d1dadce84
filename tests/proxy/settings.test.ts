import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { VARIABLES } from '../../kit/gateway-config/variables.ts'
import { packageRoot } from '../../kit/package-root.ts'
import { parseDotenv } from '../../kit/settings/dotenv.ts'
import { gatewaySettings } from '../../proxy/settings.ts'

function settings(environment: Record<string, string> = {}) {
  return gatewaySettings(environment, '/srv/app')
}

test('settings that are not set have defaults', () => {
  expect(settings()).toMatchObject({
    host: '127.0.0.1',
    port: 8123,
    releaseId: undefined,
    apiKeys: [],
    modelsRequireKey: false,
    providers: {
      openrouter: { baseUrl: 'https://openrouter.ai/api/v1', keys: [] },
      gemini: { baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai', keys: [] },
      openai: { baseUrl: 'https://api.openai.com/v1', keys: [] },
      anthropic: { baseUrl: 'https://api.anthropic.com/v1', keys: [] },
    },
    metrics: { host: '127.0.0.1', port: 9464, isDefault: true },
    workers: 1,
    log: { dir: '/srv/app/logs', images: 'digest', bodyMaxBytes: 8 * 2 ** 20 },
    logLevel: undefined,
    drainTimeoutMs: 300_000,
  })
})

test('PORT wins over HTTP_PORT, which belongs to the edge if HTTPS_PORT is set too', () => {
  expect(settings({ HTTP_PORT: '9000' }).port).toBe(9000)
  expect(settings({ HTTP_PORT: '9000', PORT: '9001' }).port).toBe(9001)
  expect(settings({ HTTP_PORT: '80', HTTPS_PORT: '443' }).port).toBe(8123)
})

test('the predecessor’s spellings of levels and switches are accepted', () => {
  const levels = ['DEBUG', 'Info', 'WARNING', 'warn', 'CRITICAL', 'error'].map((LOG_LEVEL) => settings({ LOG_LEVEL }))
  expect(levels.map(({ logLevel }) => logLevel)).toEqual(['debug', 'info', 'warn', 'warn', 'fatal', 'error'])
  const switches = ['true', 'True', '1', 'false', '0', ''].map((value) => settings({ MODELS_REQUIRE_KEY: value }))
  expect(switches.map(({ modelsRequireKey }) => modelsRequireKey)).toEqual([true, true, true, false, false, false])
})

test('spans hold no content unless the variable of OpenTelemetry asks for it', () => {
  const hasContent = (mode: Record<string, string>) =>
    settings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', ...mode }).traces?.hasContent
  const modes = ['true', 'TRUE', 'SPAN_ONLY', 'false', 'NO_CONTENT', '']
  const shown = modes.map((mode) => hasContent({ OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: mode }))
  expect([hasContent({}), ...shown]).toEqual([false, true, true, true, false, false, false])
})

test('without keys the gateway listens only on this machine', () => {
  for (const HOST of ['0.0.0.0', '::', '192.168.1.5', 'example.com', '1270.0.0.1']) {
    expect(() => settings({ HOST })).toThrow(expect.objectContaining({ exitCode: 2, code: 'CONFIG_INVALID' }))
    expect(settings({ HOST, API_KEYS: 'k' }).host).toBe(HOST)
  }
  for (const HOST of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) expect(settings({ HOST }).host).toBe(HOST)
  expect(() => settings({ HOST: '0.0.0.0', API_KEYS: ' , ' })).toThrow(/API_KEYS is empty/)
})

test('.env.example shows every variable that a user may set, and no other', () => {
  const notForUsers = ['RELEASE_ID', 'DEPLOYED_AT']
  const expected = Object.entries(VARIABLES).flatMap(([name, { scope }]) =>
    scope === 'unused' || notForUsers.includes(name) ? [] : [name],
  )
  const text = readFileSync(join(packageRoot(), '.env.example'), 'utf8')
  const { values, problems } = parseDotenv(text.replace(/^#(?=[A-Z_0-9]+=)/gm, ''))
  expect(problems).toEqual([])
  expect(Object.keys(values).sort()).toEqual(expected.sort())
  expect(parseDotenv(text).values).toEqual({})
})
