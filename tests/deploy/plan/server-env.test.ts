import { describe, expect, test } from 'vitest'
import { envWarnings, planServerEnv, requireDomain, type ServerEnvInput } from '../../../deploy/plan/server-env.ts'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import { neededKeyVariables } from '../../../kit/gateway-config/targets.ts'

const plan = (input: Partial<ServerEnvInput>) =>
  planServerEnv({
    server: null,
    local: null,
    answers: {},
    overrides: {},
    defaultDomain: 'ai-proxy.192.0.2.7.nip.io',
    neededKeys: ['OPENROUTER_API_KEY', 'GEMINI_API_KEY'],
    ...input,
  })

const errorOf = (input: Partial<ServerEnvInput>): unknown => {
  try {
    return plan(input)
  } catch (error) {
    return error
  }
}

test('a first deploy with nothing makes a key and a domain', () => {
  const env = plan({})
  expect(env).toEqual({
    text: `API_KEYS=${env.generatedKey}\nDOMAIN=ai-proxy.192.0.2.7.nip.io\n`,
    values: { API_KEYS: env.generatedKey, DOMAIN: 'ai-proxy.192.0.2.7.nip.io' },
    rebuiltFrom: null,
    uploaded: [],
    generatedKey: expect.stringMatching(/^sk-[\w-]{32}$/),
    missingKeys: ['OPENROUTER_API_KEY', 'GEMINI_API_KEY'],
    differing: [],
    defaultDomain: 'ai-proxy.192.0.2.7.nip.io',
    hasLeftOutHttpPort: false,
  })
  expect(plan({}).generatedKey).not.toBe(env.generatedKey)
})

test('a first deploy takes the local .env over, byte for byte except what it adds', () => {
  const local = "# mine\nexport API_KEYS='a,b' # two\n\nGEMINI_API_KEY=g\nDOMAIN=llm.example.com\n"
  expect(plan({ local })).toEqual({
    text: local,
    values: { API_KEYS: 'a,b', GEMINI_API_KEY: 'g', DOMAIN: 'llm.example.com' },
    rebuiltFrom: null,
    uploaded: ['API_KEYS', 'GEMINI_API_KEY', 'DOMAIN'],
    generatedKey: null,
    missingKeys: ['OPENROUTER_API_KEY'],
    differing: [],
    defaultDomain: 'ai-proxy.192.0.2.7.nip.io',
    hasLeftOutHttpPort: false,
  })
  const withoutKey = plan({ local: '# mine\nGEMINI_API_KEY=g\nAPI_KEYS=\n' })
  expect(withoutKey.text).toBe(
    `# mine\nGEMINI_API_KEY=g\nAPI_KEYS=${withoutKey.generatedKey}\nDOMAIN=ai-proxy.192.0.2.7.nip.io\n`,
  )
})

test('what was typed takes effect on a first deploy only', () => {
  const answers = { OPENROUTER_API_KEY: 'or', API_KEYS: 'mine' }
  expect(plan({ answers })).toMatchObject({
    text: 'OPENROUTER_API_KEY=or\nAPI_KEYS=mine\nDOMAIN=ai-proxy.192.0.2.7.nip.io\n',
    generatedKey: null,
    missingKeys: ['GEMINI_API_KEY'],
  })
  expect(plan({ answers, server: 'API_KEYS=k\nDOMAIN=a.b\n' }).text).toBe('API_KEYS=k\nDOMAIN=a.b\n')
})

test('a local HTTP_PORT alone is the local port and is not copied; with HTTPS_PORT both are the edge’s', () => {
  const alone = plan({ local: 'A=1\nexport HTTP_PORT = 9000 # local\nAPI_KEYS=k\nDOMAIN=a.b' })
  expect(alone).toMatchObject({
    text: 'A=1\nAPI_KEYS=k\nDOMAIN=a.b',
    values: { A: '1', API_KEYS: 'k', DOMAIN: 'a.b' },
    rebuiltFrom: null,
    uploaded: ['A', 'API_KEYS', 'DOMAIN'],
    hasLeftOutHttpPort: true,
  })
  const both = plan({ local: 'HTTP_PORT=8080\nHTTPS_PORT=8443\nAPI_KEYS=k\nDOMAIN=a.b\n' })
  expect(both).toMatchObject({ values: { HTTP_PORT: '8080', HTTPS_PORT: '8443' }, hasLeftOutHttpPort: false })
  const later = plan({ server: 'HTTP_PORT=8080\nDOMAIN=a.b\n', local: 'HTTP_PORT=9000\n' })
  expect(later).toMatchObject({ values: { HTTP_PORT: '8080' }, hasLeftOutHttpPort: false })
})

test('a later deploy keeps the server’s bytes except the HTTPS settings that are given', () => {
  const server = '# on the server\r\nAPI_KEYS = "k" \r\n\r\nDOMAIN=old.example.com # name\r\nACME_EMAIL=a@b\r\n'
  expect(plan({ server, local: 'API_KEYS=other\n' }).text).toBe(server)
  expect(plan({ server, overrides: { DOMAIN: 'new.example.com', ACME_EMAIL: 'a@b' } }).text).toBe(
    server.replace('DOMAIN=old.example.com # name', 'DOMAIN=new.example.com'),
  )
  expect(plan({ server: 'A=1\r\nDOMAIN=a.b\nB=2' }).text).toBe('A=1\r\nDOMAIN=a.b\nB=2')
  expect(plan({ server: 'A=1', overrides: { ACME_EMAIL: 'x@y' } }).text).toBe(
    'A=1\nACME_EMAIL=x@y\nDOMAIN=ai-proxy.192.0.2.7.nip.io\n',
  )
})

test('a later deploy makes no key, and without an address no domain', () => {
  const env = plan({ server: 'GEMINI_API_KEY=g\n', defaultDomain: null })
  expect(env).toMatchObject({ text: 'GEMINI_API_KEY=g\n', generatedKey: null, uploaded: [] })
  expect(env.values['DOMAIN']).toBeUndefined()
  expect(() => requireDomain(env)).toThrow(expect.objectContaining({ code: 'ADDRESS_UNKNOWN', exitCode: 13 }))
})

test('names with another local value are reported, without those that only the server or a local run reads', () => {
  const server = 'API_KEYS=server-secret\nLOG_LEVEL=info\nDOMAIN=a.b\nMODELS_REQUIRE_KEY=\n'
  const local =
    'API_KEYS=local-secret\nLOG_LEVEL=info\nDOMAIN=c.d\nPORT=9000\nLOG_IMAGES=full\nGEMINI_API_KEY=\nMODELS_REQUIRE_KEY=\nOTHER=1\n'
  const env = plan({ server, local })
  expect(env.differing).toEqual(['API_KEYS', 'LOG_IMAGES'])
  expect(env.text).toBe(server)
})

test('a .env that is wrong is refused with all that is wrong, and no secret is in the message', () => {
  const wrong = 'API_KEYS=top-secret\nGEMINI_API_KEY="top-secret\nACME_STAGING=maybe\nHTTPS_PORT=0\ntop-secret words\n'
  for (const [input, name] of [
    [{ local: wrong }, '.env'],
    [{ server: wrong }, "the server's .env"],
  ] as const) {
    const error = errorOf(input)
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      exitCode: 2,
      message: [
        `${name} line 2: the quoted value of GEMINI_API_KEY has no closing quote`,
        `${name} line 5: expected NAME=value or a comment that starts with #`,
        `${name} ACME_STAGING: found "maybe", allowed: true or false`,
        `${name} HTTPS_PORT: found "0", allowed: a port, 1 to 65535`,
      ].join('\n'),
      hint: `correct ${name}; .env.example shows every variable`,
    })
    expect(String(error)).not.toContain('top-secret')
  }
  expect(errorOf({ overrides: { DOMAIN: 'not a name' } })).toMatchObject({ code: 'CONFIG_INVALID' })
})

describe('keys that are missing', () => {
  const config = parseConfigFile('model_mappings: { gpt: "openai:gpt-5" }\n', 'config.yml')
  const neededKeys = neededKeyVariables(config)

  test('are not a warning for a user who has the key of the only provider that config.yml maps models to', () => {
    const env = plan({ local: 'OPENAI_API_KEY=sk\n', neededKeys })
    expect(env.missingKeys).toEqual([])
    expect(envWarnings(env)).toEqual([])
    expect(envWarnings(plan({ answers: { OPENAI_API_KEY: 'sk' }, neededKeys }))).toEqual([])
  })

  test('are a warning where config.yml maps models to the provider', () => {
    expect(envWarnings(plan({ local: 'OPENROUTER_API_KEY=or\nGEMINI_API_KEY=g\n', neededKeys }))).toEqual([
      "the server's .env has no OPENAI_API_KEY: models of that provider answer 503 until you add it and deploy again",
    ])
  })
})

test('a .env that was put together again is taken as the server’s, and the loss is reported', () => {
  const rebuilt = plan({
    server: 'API_KEYS=k\nDOMAIN=a.example.com\n',
    rebuiltFrom: '20261123-101112',
    neededKeys: [],
  })
  expect(rebuilt).toMatchObject({
    text: 'API_KEYS=k\nDOMAIN=a.example.com\n',
    rebuiltFrom: '20261123-101112',
    generatedKey: null,
    uploaded: [],
  })
  expect(envWarnings(rebuilt)).toEqual([
    "the server's .env is lost; what only it had is not known any more: comments, NODE_IMAGE and the settings of logdb",
  ])
})
