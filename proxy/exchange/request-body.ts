import { joined } from '../log/body.ts'

/** A body beyond this is refused: sending it again later is better than filling the memory. */
const MAX_BYTES_TOGETHER = 512 * 2 ** 20

/** Counts the bytes that the bodies of all running requests hold. */
export class BodyMemory {
  usedBytes = 0

  get isFull(): boolean {
    return this.usedBytes > MAX_BYTES_TOGETHER
  }
}

/** The body of a request, as far as it has arrived. */
export class RequestBody {
  /** As they came over the network; fewer than the body has if it was compressed. */
  receivedBytes = 0
  readonly #memory: BodyMemory
  #pieces: Buffer[] = []
  #sizeBytes = 0

  constructor(memory: BodyMemory) {
    this.#memory = memory
  }

  push(piece: Buffer): void {
    this.#sizeBytes += piece.length
    this.#memory.usedBytes += piece.length
    this.#pieces.push(piece)
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get bytes(): Buffer {
    const bytes = joined(this.#pieces)
    this.#pieces = [bytes]
    return bytes
  }

  /** To be called once, when the request is over. */
  release(): void {
    this.#memory.usedBytes -= this.#sizeBytes
  }
}
