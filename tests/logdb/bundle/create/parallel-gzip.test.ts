import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { parallelGzip } from '../../../../logdb/bundle/create/parallel-gzip.ts'
import { seededRandom } from '../../../helpers/random.ts'

const random = seededRandom(5)
const WORDS = Array.from({ length: 2000 }, () => random.below(2 ** 40).toString(36))
/** Like what is bundled, and no multiple of a block. */
const CONTENT = Buffer.from(Array.from({ length: 400_000 }, () => WORDS[random.below(2000)]).join(' '))

async function gzipped(content: Buffer, pieceBytes: number): Promise<Buffer> {
  const pieces = async function* () {
    for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes)
  }
  const blocks: Buffer[] = []
  for await (const block of parallelGzip(pieces())) blocks.push(block)
  return Buffer.concat(blocks)
}

test('it is a gzip file with the whole content, about as small as any, and always the same', async () => {
  const packed = await gzipped(CONTENT, 256 * 1024)
  expect(gunzipSync(packed).equals(CONTENT)).toBe(true)
  expect(packed.length).toBeLessThan(1.02 * gzipSync(CONTENT, { level: 6 }).length)
  expect((await gzipped(CONTENT, 256 * 1024)).equals(packed)).toBe(true)
})

test('little content, and none, are gzip files too', async () => {
  for (const text of ['', 'a']) expect(gunzipSync(await gzipped(Buffer.from(text), 1)).toString()).toBe(text)
})
