import { expect, test } from 'vitest'
import { hasBase64 } from '../../../proxy/log/base64.ts'

test('a row of base64 is found wherever it begins and ends, and shorter ones are not', () => {
  for (let before = 0; before < 40; before++) {
    for (const after of [0, 1, 40]) {
      const around = (row: string) => Buffer.from(`${' '.repeat(before)}${row}${' '.repeat(after)}`)
      expect(hasBase64(around('a'.repeat(32)), 32)).toBe(true)
      expect(hasBase64(around(`${'a'.repeat(15)}\\/${'a'.repeat(15)}`), 32)).toBe(true)
      expect(hasBase64(around('a'.repeat(31)), 32)).toBe(false)
      expect(hasBase64(around(`${'a'.repeat(31)} ${'a'.repeat(31)}`), 32)).toBe(false)
    }
  }
})
