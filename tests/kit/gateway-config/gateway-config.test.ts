import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  environmentProblems,
  loadCheckedEnvironment,
  readCheckedEnvironment,
} from '../../../kit/gateway-config/checked-environment.ts'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import { decodeEnvironment, renderEnvFile } from '../../../kit/gateway-config/env-file.ts'
import { readPairs } from '../../../kit/gateway-config/formats.ts'
import { loadGatewayConfig } from '../../../kit/gateway-config/load.ts'
import { VARIABLES } from '../../../kit/gateway-config/variables.ts'
import { packageRoot } from '../../../kit/package-root.ts'

function folder(files: Record<string, string> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'kit-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

/** What a reader of env files that gives no character a meaning sees. */
function readPlainly(envFile: string): Record<string, string> {
  const lines = envFile.split('\n').filter((line) => line !== '')
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

test('values that are wrong are all named, with what is allowed, and unknown names are left alone', () => {
  expect(
    environmentProblems({ PORT: '0', LOG_LEVEL: 'loud', UNKNOWN: 'x', HOST: 'anything', MODELS_REQUIRE_KEY: '' }),
  ).toEqual([
    expect.stringMatching(/^(PORT: found "0", allowed: a port, 1 to 65535|LOG_LEVEL: found "loud", allowed: .*)$/),
    expect.stringMatching(/^(PORT|LOG_LEVEL): found/),
  ])
  for (const PORT of ['1', '80', '8123', '65535']) expect(environmentProblems({ PORT })).toEqual([])
  for (const PORT of ['65536', '-1', '1.5', '08', 'x', ' 1', '100000'])
    expect(environmentProblems({ PORT })).toHaveLength(1)
  for (const LOG_LEVEL of ['debug', 'INFO', 'Warning', 'CRITICAL', 'warn']) {
    expect(environmentProblems({ LOG_LEVEL })).toEqual([])
  }
  for (const OPENROUTER_BASE_URL of ['openrouter.ai', 'ftp://x', 'https://x?y', 'http://']) {
    expect(environmentProblems({ OPENROUTER_BASE_URL })).toHaveLength(1)
  }
})

test('a .env file is wrong in all its lines at once', () => {
  expect(() => readCheckedEnvironment('nonsense\nPORT=x\nHTTP_PORT=y\n', 'the.env')).toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: expect.stringMatching(/^the\.env line 1: .*\nthe\.env (HTTP_)?PORT: .*\nthe\.env (HTTP_)?PORT: .*$/),
    }),
  )
})

test('an env file of a release gives back what went in, whatever the values hold', () => {
  const values = [
    'plain',
    "it's",
    'a"b',
    '$HOME ${X} $$',
    'a#b #c',
    ' spaces ',
    'back\\slash',
    'two\nlines',
    '🙂é',
    '`x`',
    '=',
    'a=b',
  ]
  const names = Object.entries(VARIABLES).flatMap(([name, { scope }]) => (scope === 'gateway' ? [name] : []))
  for (const shift of values.keys()) {
    const environment = Object.fromEntries(names.map((name, index) => [name, values[(index + shift) % values.length]]))
    const file = renderEnvFile(environment)
    for (const line of file.trimEnd().split('\n')) expect(line).toMatch(/^[A-Z0-9_]+=[\w.:/,@+=%~-]+$/)
    expect(decodeEnvironment(readPlainly(file))).toMatchObject(environment)
  }
})

test('only what the gateway reads goes into it', () => {
  expect(
    renderEnvFile({ API_KEYS: 'k', DOMAIN: 'a.b', PORT: '1', HTTPS_PORT: '443', UNKNOWN: 'x', GEMINI_API_KEY: '' }),
  ).toBe('API_KEYS=k\n')
})

test('the real environment beats .env, but an empty text does not hide a value', () => {
  const cwd = folder({ '.env': 'LOG_LEVEL=debug\nGEMINI_API_KEY=from-file\nHOST=a\n' })
  const env = {
    LOG_LEVEL: 'error',
    GEMINI_API_KEY: '',
    OPENROUTER_API_KEY_BASE64: Buffer.from('a b').toString('base64'),
  }
  expect(loadCheckedEnvironment({ cwd, env, dotenv: true })).toMatchObject({
    LOG_LEVEL: 'error',
    GEMINI_API_KEY: 'from-file',
    HOST: 'a',
    OPENROUTER_API_KEY: 'a b',
  })
  expect(loadCheckedEnvironment({ cwd, env, dotenv: false })).not.toHaveProperty('HOST')
  expect(() => loadCheckedEnvironment({ cwd, env: { PORT: 'x' }, dotenv: true })).toThrow('PORT: found "x"')
})

test('config.yml comes from CONFIG_PATH, the folder or the package', () => {
  const mapping = (target: string) => `model_mappings: { m: "${target}" }\n`
  const empty = folder()
  expect(loadGatewayConfig({ cwd: empty, env: {}, dotenv: true }).configPath).toBe(join(packageRoot(), 'config.yml'))
  const own = folder({ 'config.yml': mapping('own'), 'other.yml': mapping('other') })
  expect(loadGatewayConfig({ cwd: own, env: {}, dotenv: true }).config).toMatchObject({ modelMappings: { m: 'own' } })
  const env = { CONFIG_PATH: 'other.yml' }
  expect(loadGatewayConfig({ cwd: own, env, dotenv: true })).toMatchObject({
    config: { modelMappings: { m: 'other' } },
    configPath: join(own, 'other.yml'),
  })
  const missing = { CONFIG_PATH: 'missing.yml' }
  expect(() => loadGatewayConfig({ cwd: own, env: missing, dotenv: true })).toThrow('missing.yml does not exist')
  mkdirSync(join(empty, 'config.yml'))
  expect(() => loadGatewayConfig({ cwd: empty, env: {}, dotenv: true })).toThrow(/cannot read .*config\.yml/)
})

test('everything that is wrong with a config.yml is named with its place', () => {
  expect(() => parseConfigFile('a: [1\nb: }\n', 'c.yml')).toThrow(/^c\.yml line \d+: /)
  const wrong = 'model_mappings:\n  a: 7\n  b: ""\n  "c": [7]\nextra: 1\n'
  let message = ''
  try {
    parseConfigFile(wrong, 'c.yml')
  } catch (error) {
    message = String(error)
  }
  expect(message).toContain('c.yml: model_mappings.a: found 7, allowed: string')
  expect(message).toContain('c.yml: model_mappings.b: found an empty text')
  expect(message).toContain('c.yml: model_mappings.c.0: found 7, allowed: string')
  expect(message).toContain('found the key "extra"')
  expect(() => parseConfigFile('', 'c.yml')).toThrow('model_mappings is missing')
})

test('aliases that lead nowhere, to too much or into themselves are reported as problems of the file', () => {
  const unquoted = 'a name or pattern that begins with * has to be quoted, as in "*-mini"'
  const problemOf = (text: string) => {
    try {
      parseConfigFile(text, 'c.yml')
    } catch (error) {
      return error
    }
    return undefined
  }
  for (const text of ['x: *foo', 'model_mappings:\n  *-mini : "a:x"', 'model_mappings:\n  *-mini: "a:x"']) {
    expect(problemOf(text)).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(unquoted) })
  }
  const tenOf = (name: string) => `[${Array(10).fill(name).join(', ')}]`
  const bomb = `a: &a ${tenOf('x')}\nb: &b ${tenOf('*a')}\nc: &c ${tenOf('*b')}\nd: ${tenOf('*c')}`
  expect(problemOf(bomb)).toMatchObject({ message: expect.stringMatching(/^c\.yml: Excessive alias count/) })
  expect(problemOf('a: &a\n  b: *a\n')).toMatchObject({ message: expect.stringMatching(/^c\.yml: .*circular/) })
})

test('an address that cannot be called is refused, in config.yml as in the environment', () => {
  for (const url of ['http://127.0.0.1:PORT/v1', 'http://127.0.0.1:99999/v1', 'http://', 'http://[::1/v1', 'x']) {
    const text = JSON.stringify({ model_mappings: {}, providers: { mine: { base_url: url } } })
    const problem = `found "${url}", allowed: an http:// or https:// URL with a host`
    expect(() => parseConfigFile(text, 'c.yml')).toThrow(`c.yml: providers.mine.base_url: ${problem}`)
    expect(environmentProblems({ OPENAI_BASE_URL: url })).toEqual([
      expect.stringContaining(`OPENAI_BASE_URL: ${problem}`),
    ])
  }
  expect(environmentProblems({ OPENAI_BASE_URL: 'http://[::1]:8080/v1' })).toEqual([])
})

test('an address with a user and a password is refused, and they are not shown', () => {
  const url = 'https://me:top-secret@api.example.com/v1'
  const text = JSON.stringify({ model_mappings: {}, providers: { mine: { base_url: url } } })
  const allowed =
    'allowed: an http:// or https:// URL with a host and, if any, a port up to 65535, and without user:password@'
  const expected = `found a URL with user:password@, ${allowed}`
  expect(() => parseConfigFile(text, 'c.yml')).toThrow(`c.yml: providers.mine.base_url: ${expected}`)
  expect(environmentProblems({ OPENAI_BASE_URL: url })).toEqual([`OPENAI_BASE_URL: ${expected}`])
})

test('options of a provider that does not exist are refused', () => {
  const config = (providerOptions: object) =>
    parseConfigFile(
      JSON.stringify({
        model_mappings: {},
        providers: { mine: { base_url: 'http://a' } },
        provider_options: providerOptions,
      }),
      'c.yml',
    )
  const { providerOptions } = config({ openai: { include_usage: true }, mine: {} })
  expect(providerOptions).toMatchObject({ openai: { includeUsage: true }, mine: { includeUsage: false } })
  for (const name of ['opena', 'echo']) {
    const problem = `c.yml: provider_options: found the name "${name}", allowed: openrouter, gemini, openai, anthropic, mine`
    expect(() => config({ [name]: {} })).toThrow(problem)
  }
  expect(() => config({ openai: { include_usage: 1 } })).toThrow('provider_options.openai.include_usage: found 1')
  expect(() => config({ openai: { usage: true } })).toThrow('provider_options.openai: found the key "usage"')
})

test('two providers whose names give the same variable of keys are refused', () => {
  const config = (more: object) =>
    parseConfigFile(
      JSON.stringify({
        model_mappings: {},
        providers: { 'a-b': { base_url: 'http://a' }, a_b: { base_url: 'http://b', ...more } },
      }),
      'c.yml',
    )
  expect(() => config({})).toThrow(
    'c.yml: providers.a_b: reads A_B_API_KEY as a-b does, allowed: an api_key_env for one of the two',
  )
  expect(config({ api_key_env: 'OTHER_API_KEY' }).providers['a_b']?.keyVariable).toBe('OTHER_API_KEY')
  // Who writes the variable down means it.
  expect(config({ api_key_env: 'A_B_API_KEY' }).providers['a_b']?.keyVariable).toBe('A_B_API_KEY')
})

test('CORS_ORIGINS and ALLOWED_HOSTS are lists of origins and names', () => {
  for (const CORS_ORIGINS of ['*', 'https://a.example, http://localhost:3000', 'https://A.example']) {
    expect(environmentProblems({ CORS_ORIGINS })).toEqual([])
  }
  for (const CORS_ORIGINS of ['a.example', 'https://a.example/', 'https://a.example/x', 'https://*.example']) {
    expect(environmentProblems({ CORS_ORIGINS })).toEqual([expect.stringContaining('CORS_ORIGINS: found')])
  }
  for (const ALLOWED_HOSTS of ['gateway.lan, 192.168.1.5', '[::1]']) {
    expect(environmentProblems({ ALLOWED_HOSTS })).toEqual([])
  }
  for (const ALLOWED_HOSTS of ['http://gateway.lan', 'gateway.lan:80', 'a/b']) {
    expect(environmentProblems({ ALLOWED_HOSTS })).toEqual([expect.stringContaining('ALLOWED_HOSTS: found')])
  }
})

/** With one of these, each request to the provider fails or means something else. */
const BREAKING = ['Expect', 'Upgrade', 'Keep-Alive', 'TE', 'Trailer', 'Proxy-Connection', 'Content-Encoding']

test('headers and keys that cannot be sent are refused, and neither their values nor keys are shown', () => {
  const withHeaders = (headers: object) => {
    const text = JSON.stringify({ model_mappings: {}, providers: { mine: { base_url: 'http://a', headers } } })
    return parseConfigFile(text, 'c.yml').providers['mine']?.headers
  }
  for (const value of ['a\nb', 'sécret', '\u0000']) {
    expect(() => withHeaders({ 'x-team': value })).toThrow(
      'c.yml: providers.mine.headers.x-team: found a character that cannot be sent, allowed: printable ASCII and tabs',
    )
    expect(environmentProblems({ OPENAI_API_KEY: `k, ${value}x`, MINE_API_KEY: value })).toEqual([
      'OPENAI_API_KEY: found a value that cannot be used, allowed: keys of printable ASCII, separated by commas',
      'MINE_API_KEY: found a value that cannot be used, allowed: keys of printable ASCII, separated by commas',
    ])
  }
  for (const name of [
    'two words',
    '',
    'x:',
    'Authorization',
    'HOST',
    'Content-Length',
    'accept-encoding',
    ...BREAKING,
  ]) {
    expect(() => withHeaders({ [name]: 'x' })).toThrow(`found ${JSON.stringify(name)}, allowed: the name of a header`)
  }
  expect(withHeaders({ 'X-Team': 'blue\t1' })).toEqual({ 'X-Team': 'blue\t1' })
  expect(environmentProblems({ OPENAI_API_KEY: 'sk-1,\n sk-2\n' })).toEqual([])
})

test('lists of names and values may hold every character, as in a URL', () => {
  for (const OTEL_EXPORTER_OTLP_HEADERS of ['a=b', 'a=b, c = d=e', 'x-token=Bearer%20x', 'a=']) {
    expect(environmentProblems({ OTEL_EXPORTER_OTLP_HEADERS })).toEqual([])
  }
  for (const OTEL_RESOURCE_ATTRIBUTES of ['a', '=b', 'a=%', 'a=b,c']) {
    expect(environmentProblems({ OTEL_RESOURCE_ATTRIBUTES })).toEqual([
      expect.stringContaining('allowed: name=value, separated by commas'),
    ])
  }
  expect(readPairs('a=b, c = d=e,x-token=Bearer%20x,a=')).toEqual({ a: '', c: 'd=e', 'x-token': 'Bearer x' })
  expect(readPairs(undefined)).toEqual({})
})
