import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { parallelGzip } from '../../../../logdb/bundle/create/parallel-gzip.ts'
import { PART_BYTES, PART_HEAD_BYTES } from '../../../../logdb/bundle/format/gzip-parts.ts'
import { unpack } from '../../../../logdb/bundle/format/unpack.ts'
import { seededRandom } from '../../../helpers/random.ts'

const random = seededRandom(7)
/** Three parts, of which the last one is short. */
const CONTENT = Buffer.from(Array.from({ length: 2.5 * PART_BYTES }, () => 97 + random.below(8)))
const LONG_AGO = gzipSync(CONTENT, { level: 1 })

async function* inPieces(bytes: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

async function joined(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

const packed = await joined(parallelGzip(inPieces(CONTENT, 300_000)))
const unpacked = (bytes: Buffer, pieceBytes = 256 * 1024) => joined(unpack(inPieces(bytes, pieceBytes)))

/** @param index of a part */
function partAt(index: number): number {
  let at = 0
  for (let before = 0; before < index; before++) at += packed.readUInt32LE(at + PART_HEAD_BYTES - 4)
  return at
}

test('parts, one stream, and a stream after parts give what was packed, in pieces of any size', async () => {
  for (const pieceBytes of [1000, 99_991, packed.length]) {
    expect((await unpacked(packed, pieceBytes)).equals(CONTENT)).toBe(true)
  }
  expect((await unpacked(LONG_AGO)).equals(CONTENT)).toBe(true)
  const both = Buffer.concat([packed, LONG_AGO])
  expect((await unpacked(both)).equals(Buffer.concat([CONTENT, CONTENT]))).toBe(true)
})

test('a part that is cut, damaged, followed by something or not as long as it says is refused', async () => {
  for (const at of [1, partAt(1) + 3, partAt(2) + PART_HEAD_BYTES + 1, packed.length - 1]) {
    await expect(unpacked(packed.subarray(0, at))).rejects.toThrow()
  }
  for (const at of [PART_HEAD_BYTES + 1000, partAt(1) - 6, partAt(1) + 2000, packed.length - 1]) {
    const wrong = Buffer.from(packed)
    wrong.writeUInt8(wrong.readUInt8(at) ^ 4, at)
    await expect(unpacked(wrong)).rejects.toMatchObject({ kind: 'damaged' })
  }
  await expect(unpacked(Buffer.concat([packed, Buffer.from('more')]))).rejects.toThrow()
  for (const more of [-1, 1, 1000]) {
    const wrong = Buffer.from(packed)
    wrong.writeUInt32LE(partAt(1) + more, PART_HEAD_BYTES - 4)
    await expect(unpacked(wrong)).rejects.toMatchObject({ kind: 'damaged' })
  }
})

test('a part never unpacks to more than a part holds', async () => {
  const bomb = gzipSync(Buffer.alloc(PART_BYTES + 1))
  const head = packed.subarray(0, PART_HEAD_BYTES - 4)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(PART_HEAD_BYTES + bomb.length - 10)
  await expect(unpacked(Buffer.concat([head, length, bomb.subarray(10)]))).rejects.toMatchObject({ kind: 'damaged' })
})

test('who stops reading lets go of the file, most of which was not read', async () => {
  for (const bytes of [packed, LONG_AGO]) {
    let [isClosed, rounds] = [false, 0]
    const source = async function* () {
      try {
        for (; rounds < 100; rounds++) yield* inPieces(bytes, 64 * 1024)
      } finally {
        isClosed = true
      }
    }
    for await (const chunk of unpack(source())) if (chunk.length > 0) break
    expect([isClosed, rounds < 50]).toEqual([true, true])
  }
})
