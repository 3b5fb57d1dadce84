import { PlainBlocks } from '../../json/plain-blocks.ts'
import { skipPlain } from '../../json/plain-text.ts'

/** How much memory a client can have for each byte that it has sent, whatever it announces. */
const MAX_AHEAD = 32

/**
 * Puts a large body together while it arrives, and looks at it for its scan: at its end, both would take 5 ms for 5 MB, in
 * which all other requests wait. `npm run bench -- gateway` shows it.
 */
export class LargeBody {
  readonly #announcedBytes: number
  readonly #blocks = new PlainBlocks()
  #memory = Buffer.alloc(0)
  #bytes = this.#memory

  /**
   * @param first what has arrived already
   * @param announcedBytes its whole size, as the client says; 0 if it does not
   */
  constructor(first: readonly Buffer[], announcedBytes: number) {
    this.#announcedBytes = announcedBytes
    this.#reserve(first.reduce((sum, { length }) => sum + length, 0))
    for (const piece of first) this.push(piece)
  }

  push(piece: Buffer): void {
    const { length } = this.#bytes
    this.#reserve(length + piece.length)
    piece.copy(this.#memory, length)
    this.#bytes = this.#memory.subarray(0, length + piece.length)
    this.#blocks.note(this.#bytes, skipPlain)
  }

  /** All that has arrived. */
  get bytes(): Buffer {
    return this.#bytes
  }

  #reserve(neededBytes: number): void {
    if (neededBytes <= this.#memory.length) return
    const wantedBytes = this.#announcedBytes || 2 * neededBytes
    const larger = Buffer.allocUnsafeSlow(Math.max(neededBytes, Math.min(wantedBytes, MAX_AHEAD * neededBytes)))
    this.#bytes.copy(larger)
    this.#memory = larger
  }
}
