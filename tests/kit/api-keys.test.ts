import { createHash, createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashApiKey, parseApiKeys } from '../../kit/api-keys.ts'

test('entries are trimmed, and only a long key after a colon has a name', () => {
  expect(parseApiKeys(' a , ,laptop:0123456789abcdef,x:short,:0123456789abcdef,a:b:0123456789abcdef')).toEqual([
    { name: null, hash: hashApiKey('a'), accepted: ['a'] },
    {
      name: 'laptop',
      hash: hashApiKey('0123456789abcdef'),
      accepted: ['0123456789abcdef', 'laptop:0123456789abcdef'],
    },
    { name: null, hash: hashApiKey('x:short'), accepted: ['x:short'] },
    { name: null, hash: hashApiKey(':0123456789abcdef'), accepted: [':0123456789abcdef'] },
    { name: 'a', hash: hashApiKey('b:0123456789abcdef'), accepted: ['b:0123456789abcdef', 'a:b:0123456789abcdef'] },
  ])
  expect(parseApiKeys('')).toEqual([])
})

test('hashes are the same on every machine', () => {
  const text = 'ai-proxy/key/v1:my-key'
  expect(hashApiKey('my-key')).toBe(createHash('sha256').update(text).digest('hex').slice(0, 16))
  expect(hashApiKey('my-key', 'pepper')).toBe(createHmac('sha256', 'pepper').update(text).digest('hex').slice(0, 16))
})
