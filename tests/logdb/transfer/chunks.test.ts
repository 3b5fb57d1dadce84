import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sha256 } from '../../../kit/sha256.ts'
import { bytesOf, chunksOf, differingRanges } from '../../../logdb/transfer/chunks.ts'
import { CHUNK_BYTES } from '../../../logdb/transfer/far-side.ts'
import { randomFile } from '../../helpers/logdb/sent-files.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

test('chunks are those of the bytes that are sent for them', async () => {
  const folder = tempFolder()
  for (const size of [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1]) {
    const path = randomFile(folder, String(size), size, 5)
    const { chunks, sizeBytes, sha256: whole } = await chunksOf(join(path))
    const sent = await Promise.all(
      chunks.map(async (_, index) => Buffer.concat(await all(bytesOf(path, index, index + 1)))),
    )
    expect([sizeBytes, sent.map(sha256), sha256(Buffer.concat(sent))]).toEqual([size, chunks, whole])
  }
})

async function all(bytes: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const pieces: Buffer[] = []
  for await (const piece of bytes) pieces.push(piece)
  return pieces
}

test('what differs or is missing is sent, neighbours together', () => {
  expect(differingRanges(['a', 'b', 'c', 'd', 'e', 'f'], ['a', 'x', 'x', 'd'])).toEqual([
    { first: 1, after: 3 },
    { first: 4, after: 6 },
  ])
  expect(differingRanges(['a'], ['a', 'b'])).toEqual([])
})
