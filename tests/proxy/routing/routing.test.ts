import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import { packageRoot } from '../../../kit/package-root.ts'
import { compileRouting } from '../../../proxy/routing/routing.ts'

const PROVIDERS = new Set(['echo', 'openrouter', 'gemini'])

function route(mappings: Record<string, string | readonly string[]>, model: string): string | undefined {
  const found = compileRouting({ mappings, fallbacks: {}, providers: PROVIDERS }).find(model)
  return found && `${found.provider} ${found.model}`
}

test('an exact name wins over every pattern', () => {
  expect(route({ '*': 'a', 'gpt-4': 'gemini:b', 'gpt-*': 'c' }, 'gpt-4')).toBe('gemini b')
})

test('the pattern with the most literal characters wins, wherever it is in the file', () => {
  const mappings = { '*': 'all', 'gemini-*': 'gemini:g', 'gemini-*-pro': 'gemini:p', '*-pro': 'pro' }
  for (const order of [Object.entries(mappings), Object.entries(mappings).reverse()]) {
    const shuffled = Object.fromEntries(order)
    expect(route(shuffled, 'gemini-2-pro')).toBe('gemini p')
    expect(route(shuffled, 'gemini-2')).toBe('gemini g')
    expect(route(shuffled, 'x-pro')).toBe('openrouter pro')
    expect(route(shuffled, 'anything')).toBe('openrouter all')
  }
})

test('then the longer literal prefix, then code-point order', () => {
  expect(route({ '*abc': 'suffix', 'abc*': 'prefix', 'ab*c': 'middle' }, 'abc')).toBe('openrouter prefix')
  expect(route({ 'a*b*': 'second', 'a**b': 'first' }, 'ab')).toBe('openrouter first')
})

test('a prefix is a provider only if one has that name', () => {
  expect(route({ m: 'deepseek/r1:free' }, 'm')).toBe('openrouter deepseek/r1:free')
  expect(route({ m: 'openrouter:deepseek/r1:free' }, 'm')).toBe('openrouter deepseek/r1:free')
  expect(route({ m: 'mistralai/small' }, 'm')).toBe('openrouter mistralai/small')
  expect(route({ m: 'echo:anything' }, 'm')).toBe('echo anything')
  expect(route({ m: ':x' }, 'm')).toBe('openrouter :x')
})

test('* in the value stands for the text that the pattern’s * matched', () => {
  const mappings = { 'openai/*': 'openrouter:openai/*', '*@*': 'b-*-a-*' }
  expect(route(mappings, 'openai/gpt-5')).toBe('openrouter openai/gpt-5')
  expect(route(mappings, 'x@y')).toBe('openrouter b-x-a-y')
  expect(route({ 'a*-*-*z': '*/*/*' }, 'a1-2-3-4z')).toBe('openrouter 1/2/3-4')
  expect(route({ 'a*': 'no-star' }, 'abc')).toBe('openrouter no-star')
  expect(route({ 'a*': '*$&' }, 'a$1')).toBe('openrouter $1$&')
})

test('only * is special in a pattern', () => {
  expect(route({ 'a.b*': 'x' }, 'axb1')).toBeUndefined()
  expect(route({ 'a?[b]{2}(c)|d*': 'x' }, 'a?[b]{2}(c)|d!')).toBe('openrouter x')
  expect(route({ 'a*': 'x' }, 'a\nb')).toBe('openrouter x')
})

test('no mapping, no route', () => {
  expect(route({ 'gpt-*': 'x' }, 'claude')).toBeUndefined()
  expect(route({}, '__proto__')).toBeUndefined()
  expect(route({ 'ab*ba': 'x' }, 'aba')).toBeUndefined()
})

test('of a list, the first provider with a key is used, or the first one if none has a key', () => {
  const mappings = { 'a*': ['gemini:a*', 'x/a*'], b: ['gemini:b'] }
  const providers = new Set(['echo', 'openrouter', 'gemini'])
  const without = (...withoutKey: string[]) => {
    const { find } = compileRouting({ mappings, fallbacks: {}, providers, withoutKey: new Set(withoutKey) })
    return [find('a1')?.provider, find('a1')?.model, find('b')?.provider]
  }
  expect(without()).toEqual(['gemini', 'a1', 'gemini'])
  expect(without('gemini')).toEqual(['openrouter', 'x/a1', 'gemini'])
  expect(without('gemini', 'openrouter')).toEqual(['gemini', 'a1', 'gemini'])
})

test('echo always exists, whatever is mapped', () => {
  expect(route({}, 'echo')).toBe('echo echo')
  expect(route({ echo: 'openrouter:paid', '*': 'openrouter:paid' }, 'echo')).toBe('echo echo')
})

test('a fallback is counted under its name in config.yml, whatever name clients send', () => {
  const { fallbacks } = compileRouting({
    mappings: { 'mini-*': 'gemini:mini-*' },
    fallbacks: { 'gpt-*': ['gemini:gpt-*', 'mini-*', 'other/*'] },
    providers: PROVIDERS,
  })
  expect(fallbacks('gpt-invented')).toEqual([
    { provider: 'gemini', model: 'gpt-invented', mapping: 'gemini:gpt-*' },
    { provider: 'gemini', model: 'mini-invented', mapping: 'mini-*' },
    { provider: 'openrouter', model: 'other/invented', mapping: 'other/*' },
  ])
})

test('no name makes matching slow', () => {
  const start = performance.now()
  expect(route({ 'a*a*a*a*a*b': 'x' }, 'a'.repeat(100_000))).toBeUndefined()
  expect(performance.now() - start).toBeLessThan(1000)
})

test('the packaged config.yml sends models where its comments say', () => {
  const file = join(packageRoot(), 'config.yml')
  const { modelMappings } = parseConfigFile(readFileSync(file, 'utf8'), file)
  expect(route(modelMappings, 'gemini-pro')).toBe('gemini gemini-2.5-pro')
  expect(route(modelMappings, 'gemini-3-flash')).toBe('gemini gemini-3-flash')
  expect(route(modelMappings, 'deepseek/deepseek-r1:free')).toBe('openrouter deepseek/deepseek-r1:free')
  expect(route(modelMappings, 'nothing-we-know')).toBeUndefined()
})
