import { expect, test } from 'vitest'
import { blockOf, GatheredWords, hashOf, mayHold } from '../../../../logdb/store/word-filter/word-bits.ts'

const PRESENT = Array.from({ length: 20_000 }, (_, index) => `word${index}`)
const ABSENT = Array.from({ length: 20_000 }, (_, index) => `other${index}`)

function blocksWith(words: readonly string[]): Buffer[] {
  const gathered = new GatheredWords()
  for (const word of words) gathered.add(hashOf('words', word))
  return gathered.inBlocks()
}

function isFound(blocks: Buffer[], word: string, table: 'words' | 'pairs' = 'words'): boolean {
  const hash = hashOf(table, word)
  return mayHold(blocks[blockOf(hash, blocks.length)] ?? Buffer.alloc(0), hash)
}

test.each([0, 1, 1024, 20_000])('each of %i words is found, and hardly any other', (count) => {
  const words = PRESENT.slice(0, count)
  const blocks = blocksWith(words)
  expect(words.filter((word) => !isFound(blocks, word))).toEqual([])
  expect(ABSENT.filter((word) => isFound(blocks, word)).length).toBeLessThan(0.003 * ABSENT.length)
  expect(words.filter((word) => isFound(blocks, word, 'pairs')).length).toBeLessThanOrEqual(0.003 * count)
  expect(blocks.length * 512).toBeLessThanOrEqual(512 + 2.1 * count)
})

test('a damaged block may hold every word', () => {
  const [block = Buffer.alloc(0)] = blocksWith(['a'])
  expect(mayHold(block, hashOf('words', 'b'))).toBe(false)
  const changed = Buffer.from(block)
  changed[300] = 1 ^ (changed[300] ?? 0)
  for (const damaged of [changed, block.subarray(1), Buffer.alloc(0), Buffer.alloc(512)]) {
    expect(mayHold(damaged, hashOf('words', 'b'))).toBe(true)
  }
})
