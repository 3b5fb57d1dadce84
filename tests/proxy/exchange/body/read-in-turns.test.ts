import { once } from 'node:events'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { giveOthersATurn } from '../../../../proxy/exchange/body/read-in-turns.ts'

const PIECE = Buffer.alloc(64_000)

/** How much is read before each turn of others, if all of it is there at once. */
async function readBetweenTurns(pieces: number): Promise<number[]> {
  const source = new Readable({
    read() {
      this.push(pieces-- > 0 ? PIECE : null)
    },
  })
  const read: number[] = []
  let [received, sinceTurn] = [0, 0]
  const turn = () => {
    if (sinceTurn > 0) read.push(sinceTurn)
    sinceTurn = 0
    if (!source.closed) setImmediate(turn)
  }
  source.on('data', (piece: Buffer) => {
    received += piece.length
    sinceTurn += piece.length
    giveOthersATurn(source, piece, received)
  })
  setImmediate(turn)
  await once(source, 'close')
  turn()
  return read
}

test('others have a turn after each quarter of a megabyte', async () => {
  const read = await readBetweenTurns(40)
  expect(read.reduce((sum, bytes) => sum + bytes, 0)).toBe(40 * PIECE.length)
  expect(Math.max(...read)).toBeLessThanOrEqual(256 * 1024 + PIECE.length)
})

test('a small body is read at once', async () => {
  expect(await readBetweenTurns(4)).toEqual([4 * PIECE.length])
})
