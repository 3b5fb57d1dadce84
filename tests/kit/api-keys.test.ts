import { createHash, createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashApiKey, parseApiKeys } from '../../kit/api-keys.ts'

test('entries are trimmed, and only a long key after a colon has a name', () => {
  const keys = parseApiKeys(' a , ,laptop:0123456789abcdef,x:short,:0123456789abcdef,a:b:0123456789abcdef')
  expect(keys.map(({ owner: _owner, ...key }) => key)).toEqual([
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

test('what a key owns stays its own when the log gets another secret', () => {
  const [plain, secret, other] = [
    parseApiKeys('n:0123456789abcdef'),
    parseApiKeys('0123456789abcdef', 'x'),
    parseApiKeys('b'),
  ]
  expect(secret[0]?.owner).toBe(plain[0]?.owner)
  expect(secret[0]?.hash).not.toBe(plain[0]?.hash)
  expect(other[0]?.owner).not.toBe(plain[0]?.owner)
})
