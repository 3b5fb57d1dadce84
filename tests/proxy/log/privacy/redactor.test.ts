import { expect, test } from 'vitest'
import { Redactor } from '../../../../proxy/log/privacy/redactor.ts'
import { SecretMask } from '../../../../proxy/secret-mask.ts'

const TICKET = { name: 'ticket', pattern: String.raw`\bTICKET-\d+\b` }
const KEY = 'sk-the/own-key-1'

function redactor(hashSecret?: string): Redactor {
  return new Redactor({ rules: ['keys', 'emails', 'cards', TICKET], secrets: new SecretMask([KEY]), hashSecret })
}

function shown(value: unknown, hashSecret?: string): unknown {
  return JSON.parse(
    redactor(hashSecret)
      .wholeJson(Buffer.from(JSON.stringify(value)))
      .toString(),
  )
}

test('texts, names and numbers of JSON are replaced by their kinds, at any depth', () => {
  const value = {
    'jo@example.com': [{ text: `Use ${KEY} for TICKET-17, jo@example.com!` }],
    card: 4111111111111111,
    nothing: [1, -2.5e3, true, null, ''],
  }
  expect(shown(value)).toEqual({
    '[email]': [{ text: 'Use [key] for [ticket], [email]!' }],
    card: '[card]',
    nothing: [1, -2500, true, null, ''],
  })
})

test('bytes around what is replaced stay as they are', () => {
  const json = Buffer.from('{ "a" : 1.50 ,\t"b":"\\u00e4 jo@example.com", "c":"\\/x" }')
  expect(redactor().wholeJson(json).toString()).toBe('{ "a" : 1.50 ,\t"b":"ä [email]", "c":"\\/x" }')
  const clean = Buffer.from('{"a":"b"}')
  expect(redactor().wholeJson(clean)).toBe(clean)
})

test('a secret makes equal values recognisable, whatever their form; another secret gives other digests', () => {
  const forms = ['Jo@Example.com', 'jo%40example.com', 'jo@example.com']
  const marks = forms.map((form) => redactor('secret').text(form))
  expect(marks[0]).toMatch(/^\[email:[0-9a-f]{12}\]$/)
  expect(new Set(marks).size).toBe(1)
  expect(redactor('secret').text('4111-1111-1111-1111')).toBe(redactor('secret').text('4111111111111111'))
  expect(redactor('secret').text('ed@example.com')).not.toBe(marks[0])
  expect(redactor('other').text('jo@example.com')).not.toBe(marks[0])
})

test.for([
  ['escaped by its number', String.raw`{"a":"jo\u0040example.com"}`],
  ['escaped by its number in JSON inside the text', String.raw`{"a":"{\"b\":\"jo\\u0040example.com\"}"}`],
  ['two levels deep', String.raw`{"a":"{\"b\":\"{\\\"c\\\":\\\"jo\\\\u0040example\\\\u002Ecom\\\"}\"}"}`],
])('an address %s is found', ([, json = '']) => {
  const text = redactor().wholeJson(Buffer.from(json)).toString()
  expect(JSON.stringify(JSON.parse(text))).toContain('[email]')
  expect(text).not.toMatch(/jo|example/)
})

test.for([..."!#$%&'*+-/=?^_`{|}~"])('an address with %s is found whole in JSON, however it is escaped', (sign) => {
  const escaped = (text: string) => {
    return [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
  }
  const address = `jo${sign}doe@example.com`
  const forms = [address, escaped(address), address.replace(sign, escaped), address.replaceAll('/', '\\/')]
  for (const form of forms) {
    const once = `{"to":"${form}"}`
    const twice = JSON.stringify({ text: `\n${once}`, list: [`\n${address}`] })
    const thrice = JSON.stringify({ text: twice })
    for (const json of [once, twice, thrice]) {
      const text = redactor().wholeJson(Buffer.from(json)).toString()
      expect(JSON.stringify(JSON.parse(text))).toContain('[email]')
      expect(text).not.toMatch(/jo|doe|exam/)
    }
  }
})

test('JSON inside a text stays JSON', () => {
  const inner = JSON.stringify({ to: 'jo@example.com', text: '\njo@example.com\t"x"\\', key: KEY, quote: '"' })
  for (const text of [inner, inner.replaceAll('@', '\\u0040').replaceAll('/', '\\/')]) {
    const { a } = shown({ a: text }) as { a: string }
    expect(JSON.parse(a)).toEqual({ to: '[email]', text: '\n[email]\t"x"\\', key: '[key]', quote: '"' })
  }
})

test('findings that overlap become one', () => {
  const rules = [{ name: 'word', pattern: 'jo@ex' }, 'emails' as const, { name: 'end', pattern: 'com and' }]
  const many = new Redactor({ rules, secrets: new SecretMask([]), hashSecret: undefined })
  expect(many.text('to jo@example.com and ed@example.com')).toBe('to [word] [email]')
})

test('patterns count characters as JavaScript does', () => {
  expect(redactor().text('🙂ä TICKET-1 🙂 TICKET-2')).toBe('🙂ä [ticket] 🙂 [ticket]')
})

test('the beginning of a text ends before a finding that would be cut', () => {
  const text = `${'x'.repeat(90)} jo@example.com and TICKET-1`
  for (let length = 1; length < text.length; length++) {
    const start = redactor().beginning(text, length)
    expect(text.startsWith(start)).toBe(true)
    expect(redactor().text(start)).not.toMatch(/jo|exam|com\b|TICK/)
    expect(start.length).toBeGreaterThanOrEqual(length - 32)
  }
  expect(redactor().beginning(text, 90)).toBe('x'.repeat(90))
  expect(redactor().beginning(text, 105)).toBe(`${'x'.repeat(90)} jo@example.com`)
})

test('a pattern that other engines cannot finish ends', () => {
  const rules = [{ name: 'slow', pattern: '(a+)+b|(x*)*y' }]
  const slow = new Redactor({ rules, secrets: new SecretMask([]), hashSecret: undefined })
  const text = `${'a'.repeat(20_000)} ${'x'.repeat(20_000)} aab`
  expect(slow.text(text)).toBe(`${text.slice(0, -3)}[slow]`)
})

test('a large body is done in steps', () => {
  const json = Buffer.from(JSON.stringify(Array.from({ length: 20_000 }, (_, at) => `text ${at} of jo@example.com`)))
  const steps = [...redactor().json(json)].length
  expect(steps).toBeGreaterThan(3)
})
