import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseConfigFile } from '../../kit/gateway-config/config-file.ts'
import {
  decodeEnvironment,
  environmentProblems,
  readEnvironment,
  renderEnvFile,
} from '../../kit/gateway-config/environment.ts'
import { loadEnvironment, loadGatewayConfig } from '../../kit/gateway-config/load.ts'
import { VARIABLES } from '../../kit/gateway-config/variables.ts'
import { packageRoot } from '../../kit/package-root.ts'

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
  expect(() => readEnvironment('nonsense\nPORT=x\nHTTP_PORT=y\n', 'the.env')).toThrow(
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
  expect(loadEnvironment({ cwd, env, dotenv: true })).toMatchObject({
    LOG_LEVEL: 'error',
    GEMINI_API_KEY: 'from-file',
    HOST: 'a',
    OPENROUTER_API_KEY: 'a b',
  })
  expect(loadEnvironment({ cwd, env, dotenv: false })).not.toHaveProperty('HOST')
  expect(() => loadEnvironment({ cwd, env: { PORT: 'x' }, dotenv: true })).toThrow('PORT: found "x"')
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
  const wrong = 'model_mappings:\n  a: 7\n  b: ""\n  "c": [x]\nextra: 1\n'
  let message = ''
  try {
    parseConfigFile(wrong, 'c.yml')
  } catch (error) {
    message = String(error)
  }
  expect(message).toContain('c.yml: model_mappings.a: found 7, allowed: string')
  expect(message).toContain('c.yml: model_mappings.b: found an empty text')
  expect(message).toContain('c.yml: model_mappings.c: found ["x"], allowed: string')
  expect(message).toContain('found the key "extra"')
  expect(() => parseConfigFile('', 'c.yml')).toThrow('model_mappings is missing')
})
