import { joined } from '../../log/body.ts'
import { LargeBody } from './large-body.ts'

/** A body beyond this is refused: sending it again later is better than filling the memory. */
const MAX_BYTES_TOGETHER = 512 * 2 ** 20

/** Counts the bytes that the bodies of all running requests hold. */
export class BodyMemory {
  usedBytes = 0
  readonly #maxBytes: number

  constructor(maxBytes = MAX_BYTES_TOGETHER) {
    this.#maxBytes = maxBytes
  }

  get isFull(): boolean {
    return this.usedBytes > this.#maxBytes
  }
}

/** Smaller bodies are joined, scanned and changed in less than a millisecond. */
const LARGE_BYTES = 512 * 1024

/** The body of a request, as far as it has arrived. */
export class RequestBody {
  /** As they came over the network; fewer than the body has if it was compressed. */
  receivedBytes = 0
  /** The size that the client has announced; 0 if it has not, or if that is not the size of the body. */
  announcedBytes = 0
  readonly #memory: BodyMemory
  #pieces: Buffer[] = []
  #large: LargeBody | undefined
  #sizeBytes = 0

  constructor(memory: BodyMemory) {
    this.#memory = memory
  }

  push(piece: Buffer): void {
    this.#sizeBytes += piece.length
    this.#memory.usedBytes += piece.length
    if (this.#large) this.#large.push(piece)
    else this.#pieces.push(piece)
    if (!this.#large && this.#sizeBytes > LARGE_BYTES) {
      this.#large = new LargeBody(this.#pieces, this.announcedBytes)
      this.#pieces = []
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** All that has arrived; the same buffer until more arrives. */
  get bytes(): Buffer {
    if (this.#large) return this.#large.bytes
    const bytes = joined(this.#pieces)
    this.#pieces = [bytes]
    return bytes
  }

  /** To be called once, when the request is over. */
  release(): void {
    this.#memory.usedBytes -= this.#sizeBytes
  }
}

/** The exchange whose next step it is. */
interface Stepping {
  readonly body: { readonly sizeBytes: number }
  readonly response: { readonly isClosed: boolean; readonly hasBegun: boolean }
  failWith: (error: unknown) => void
}

/**
 * Takes the next step with a body: at once, or, if the body is large, when others have had their turn.
 */
export function nextStep(exchange: Stepping, act: () => void): void {
  if (exchange.body.sizeBytes <= LARGE_BYTES) {
    act()
    return
  }
  setImmediate(() => {
    // The client may have left, or the gateway may stop.
    if (exchange.response.isClosed || exchange.response.hasBegun) return
    try {
      act()
    } catch (error) {
      exchange.failWith(error)
    }
  })
}
