import { expect, test } from 'vitest'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import { localAddress, startupMessage } from '../../../proxy/process/startup-message.ts'
import { gatewaySettings } from '../../../proxy/settings.ts'

test('the startup message has a command to paste and never shows a key', () => {
  const withKeys = gatewaySettings(
    { API_KEYS: 'secret-of-mine', OPENROUTER_API_KEY: 'sk-or-1', SET_API_KEY: 'sk-or-1' },
    '/srv/app',
  )
  const config = parseConfigFile(
    JSON.stringify({
      model_mappings: {},
      providers: {
        groq: { base_url: 'https://api.groq.com/openai/v1' },
        mine: { base_url: 'http://127.0.0.1:1', key_required: false },
        set: { base_url: 'http://127.0.0.1:1' },
      },
    }),
    'config.yml',
  )
  const loaded = { environment: withKeys.environment, config, configPath: '/x/config.yml' }
  const message = startupMessage(withKeys, 'http://127.0.0.1:8123', '/srv/app/logs/x.jsonl', loaded)
  expect(message).toContain('-H "Authorization: Bearer $API_KEY"')
  expect(message).toContain('gemini (off: GEMINI_API_KEY is not set)')
  expect(message).toContain(', groq (off: GROQ_API_KEY is not set), mine, set\n')
  expect(message).not.toMatch(/secret-of-mine|sk-or-1/)
  expect(localAddress('0.0.0.0', 1)).toBe('http://127.0.0.1:1')
  expect(localAddress('::1', 1)).toBe('http://[::1]:1')
})
