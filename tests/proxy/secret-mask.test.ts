import { expect, test } from 'vitest'
import { SecretMask } from '../../proxy/secret-mask.ts'

const SECRET = 'sk-a/b+c="d\\e'
const { mask, maskText } = {
  mask: (text: string) => new SecretMask([SECRET, 'short', 'plain-key-1']).mask(Buffer.from(text)).toString(),
  maskText: (text: string) => new SecretMask([SECRET]).maskText(text),
}

test.for([
  SECRET,
  JSON.stringify(SECRET).slice(1, -1),
  JSON.stringify(JSON.stringify(SECRET)).slice(3, -3),
  JSON.stringify(SECRET).slice(1, -1).replaceAll('/', '\\/'),
  encodeURIComponent(SECRET),
  encodeURIComponent(encodeURIComponent(SECRET)),
  encodeURIComponent(SECRET).toLowerCase().replace('sk-a%2fb', 'sk-a%2Fb'),
  [...SECRET].map((char) => `\\u00${char.charCodeAt(0).toString(16)}`).join(''),
])('a key is hidden in the form %s', (form) => {
  expect(mask(`before ${form} after`)).toBe('before *** after')
  expect(maskText(`x${form}`)).toBe('x***')
})

const BASE64 = [0, 1, 2].map((before) => Buffer.from(`${'u'.repeat(before)}${SECRET}tail`).toString('base64'))

test.for([
  SECRET.toUpperCase(),
  encodeURIComponent(SECRET).replace('-', '%2D'),
  Buffer.from(SECRET).toString('hex').toUpperCase(),
  [...SECRET].map((char) => `&#${char.charCodeAt(0)};`).join(''),
  [...SECRET].map((char) => `&#x${char.charCodeAt(0).toString(16)};`).join(''),
  SECRET.replace('"', '&quot;'),
  ...BASE64,
  ...BASE64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
])('a key is found as itself in the form %s', (form) => {
  const [found, ...others] = new SecretMask(['plain-key-1', SECRET]).find(`before ${form} after`)
  expect([found?.value, others]).toEqual([SECRET, []])
  // In base64, the characters at both ends also depend on what is around the key.
  expect(found?.start).toBeLessThanOrEqual(10)
  expect(found?.end).toBeGreaterThanOrEqual(7 + form.length - 8)
})

test('several keys are hidden, and short ones are not: they may be words', () => {
  expect(mask(`plain-key-1,${SECRET} short plain-key-2`)).toBe('***,*** short plain-key-2')
})

test('the key that Google names is hidden even if it is not configured', () => {
  expect(mask("Consumer 'api_key:AIzaOther' has been suspended")).toBe("Consumer 'api_key:***' has been suspended")
  expect(mask(String.raw`"Consumer \u0027api_key:AIzaOther\u0027 has"`)).toBe(
    String.raw`"Consumer \u0027api_key:***\u0027 has"`,
  )
})

test('bytes without a key are the same buffer, and other bytes stay', () => {
  const bytes = Buffer.from([0x7b, 0xff, 0xc3, 0xa9])
  const secrets = new SecretMask(['plain-key-1'])
  expect(secrets.mask(bytes)).toBe(bytes)
  expect(secrets.mask(Buffer.concat([bytes, Buffer.from('plain-key-1'), bytes]))).toEqual(
    Buffer.concat([bytes, Buffer.from('***'), bytes]),
  )
})

test('a long row of backslashes costs little', () => {
  const startedAtMs = performance.now()
  new SecretMask([SECRET]).maskText('\\'.repeat(300_000))
  expect(performance.now() - startedAtMs).toBeLessThan(5_000)
})
