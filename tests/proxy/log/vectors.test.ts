import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { digestVectors } from '../../../proxy/log/vectors.ts'

const VECTOR = [-0.006929283495992422, 0.5, -1, 3.4e38, 0]

function digest(json: string): string {
  return digestVectors(Buffer.from(json)).toString()
}

function base64Of(vector: number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64')
}

function answer(...embeddings: unknown[]): string {
  const data = embeddings.map((embedding, index) => ({ object: 'embedding', index, embedding }))
  return JSON.stringify({ object: 'list', data, model: 'text-embedding-3-small', usage: { total_tokens: 8 } })
}

test('a vector is replaced by its hash, which is the same for numbers and base64', () => {
  const sha256 = createHash('sha256')
    .update(Buffer.from(base64Of(VECTOR), 'base64'))
    .digest('hex')
  const expected = { dimensions: 5, sha256 }
  expect(digest(answer(VECTOR, base64Of(VECTOR)))).toBe(answer(expected, expected))
  const [one, other] = JSON.parse(digest(answer([1, 2], [1, 3]))).data
  expect(one.embedding.sha256).not.toBe(other.embedding.sha256)
})

test('numbers are read in every spelling of JSON', () => {
  const spaced = answer([0.25, -2]).replace('[0.25,-2]', '[ 2.5e-1 ,\n -2.0 ]')
  expect(digest(spaced)).toBe(digest(answer([0.25, -2])))
  // Some write more digits than a 32-bit float has.
  expect(digest(answer([0.1]))).toBe(digest(answer([0.10000000149011612])))
})

test('all other bytes stay unchanged', () => {
  const json = (embedding: string) =>
    `{ "data" : [ {"embedding":${embedding}, "n":12345678901234567890} ,{"index":1}],\n "usage":{"x":1.0} }`
  const [{ embedding }] = JSON.parse(digest(json('[1,2]'))).data
  expect(digest(json('[1,2]'))).toBe(json(JSON.stringify(embedding)))
})

test('a body without vectors stays unchanged', () => {
  const others = [
    answer(),
    answer(
      null,
      {},
      ['x'],
      [null],
      [
        [1, 2],
        [3, 4],
      ],
      true,
    ),
    '{"error":{"message":"x"}}',
    '{"data":{"embedding":[1]}}',
    '{"data":[1,null,[{"embedding":[1]}]]}',
    'no json',
    '',
  ]
  for (const json of others) {
    const bytes = Buffer.from(json)
    expect(digestVectors(bytes)).toBe(bytes)
  }
  expect(JSON.parse(digest(answer([]))).data[0].embedding.dimensions).toBe(0)
})
