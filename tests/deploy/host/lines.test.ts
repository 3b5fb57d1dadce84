import { expect, test } from 'vitest'
import { splitLines } from '../../../deploy/host/lines.ts'

test('lines are whole however their bytes arrive', () => {
  const bytes = Buffer.from('one é\r\ntwo 🙂\n\n  \n50 %\r100 %\nrest')
  for (let size = 1; size <= bytes.length; size++) {
    const lines: string[] = []
    const take = splitLines((line) => lines.push(line))
    for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size))
    expect(lines).toEqual(['one é', 'two 🙂', '50 %', '100 %'])
  }
})
