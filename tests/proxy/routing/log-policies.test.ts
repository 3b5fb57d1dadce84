import { expect, test } from 'vitest'
import type { ApiKey } from '../../../kit/api-keys.ts'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import { LogPolicies } from '../../../proxy/routing/log-policies.ts'
import { SecretMask } from '../../../proxy/secret-mask.ts'

const ALICE: ApiKey = { name: 'alice', hash: 'a1', owner: 'o1', accepted: [] }
const OTHER: ApiKey = { name: null, hash: 'b2', owner: 'o2', accepted: [] }

function policies(log: object): LogPolicies {
  const { log: config } = parseConfigFile(JSON.stringify({ model_mappings: {}, log }), 'config.yml')
  return new LogPolicies(config, { secrets: new SecretMask([]), hashSecret: undefined })
}

const RULES = {
  keys: { alice: { bodies: 'none' }, b2: { bodies: 'metadata', redact: ['cards'] } },
  models: { 'gpt-*': { bodies: 'metadata' }, 'gpt-5*': { bodies: 'none' }, 'gpt-5-mini': { redact: ['emails'] } },
}

test.for([
  [ALICE, 'x', undefined, 'none'],
  [OTHER, 'x', undefined, 'metadata'],
  [null, 'x', undefined, 'full'],
  [null, 'gpt-4', undefined, 'metadata'],
  // Every pattern that matches applies, not only the most exact one.
  [null, 'gpt-5-mini', undefined, 'none'],
  [null, null, undefined, 'none'],
  [null, 'x', 'metadata', 'metadata'],
  [null, 'x', ' NONE ', 'none'],
  [OTHER, 'x', 'none', 'none'],
  [ALICE, 'x', 'metadata', 'none'],
] as const)('of all rules the strictest applies: %j %s %s -> %s', ([apiKey, model, asked, bodies]) => {
  expect(policies({ ...RULES, client_may: true }).of({ apiKey, model, asked })).toMatchObject({ bodies })
})

test('what is redacted adds up, and equal rules share a redactor', () => {
  const all = policies({ ...RULES, redact: ['keys'] })
  const of = (apiKey: ApiKey | null, model: string) => all.of({ apiKey, model, asked: undefined }).redactor
  const texts = [of(null, 'x'), of(OTHER, 'x'), of(null, 'gpt-5-mini'), of(OTHER, 'gpt-5-mini')].map((redactor) =>
    redactor?.text('jo@example.com 4111111111111111'),
  )
  expect(texts).toEqual([
    'jo@example.com 4111111111111111',
    'jo@example.com [card]',
    '[email] 4111111111111111',
    '[email] [card]',
  ])
  expect(of(null, 'x')).toBe(of(ALICE, 'x'))
})

test('without rules everything is logged, and the header changes nothing', () => {
  const none = policies({})
  expect(none.of({ apiKey: ALICE, model: null, asked: 'none' })).toEqual({ bodies: 'full' })
  expect(none.problemWith(undefined)).toBeUndefined()
  expect(none.problemWith('none')).toMatchObject({ status: 403, code: 'x_log_not_allowed' })
})

test('the header may only ask for less', () => {
  const asking = policies({ client_may: true })
  for (const asked of ['none', 'Metadata']) expect(asking.problemWith(asked)).toBeUndefined()
  for (const asked of ['full', '', 'none, none']) {
    expect(asking.problemWith(asked)).toMatchObject({ status: 400, code: 'invalid_x_log' })
  }
})

test.for([
  [{ bodies: 'some' }, 'log.bodies: found "some", allowed: full, metadata, none'],
  [{ redact: ['phones'] }, 'log.redact.0: found "phones", allowed: keys, emails, cards'],
  [
    { redact: [{ name: 'x', pattern: '(' }] },
    /^config\.yml: log\.redact\.0\.pattern: found "\(", allowed: a regular expression of RE2/,
  ],
  [{ redact: [{ name: 'x', pattern: 'a*' }] }, /log\.redact\.0\.pattern: found "a\*"/],
  [{ redact: [{ name: 'x', pattern: '(?=a)b' }] }, /log\.redact\.0\.pattern: found "\(\?=a\)b"/],
  [
    { redact: [{ name: 'A b', pattern: 'b' }] },
    'config.yml: log.redact.0.name: found "A b", allowed: a word of lower-case letters, digits, - and _',
  ],
  [{ redact: [{ pattern: 'b' }] }, 'log.redact.0: name is missing'],
  [{ keys: { alice: { client_may: true } } }, 'log.keys.alice: found the key "client_may", allowed: bodies, redact'],
] as const)('%j is not valid', ([log, problem]) => {
  expect(() => policies(log)).toThrow(problem)
})
