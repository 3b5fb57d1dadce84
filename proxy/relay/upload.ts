import { Readable } from 'node:stream'
import type { Upload } from '../upstream/relay.ts'

/** The body of a request on its way to a provider: what was read of it, then the rest while it arrives. */
export class ClientUpload extends Readable implements Upload {
  movedAtMs = performance.now()
  isWaiting = false
  /** Of the whole body; undefined if the client does not say. */
  readonly lengthBytes: number | undefined
  readonly #source: Readable

  /** @param source its pieces are given to {@link pass} */
  constructor(head: Buffer, source: Readable, lengthBytes: number | undefined) {
    super()
    this.lengthBytes = lengthBytes
    this.#source = source
    source.pause()
    this.push(head)
    // Its end is noticed by the request to the provider.
    this.on('error', () => {})
  }

  pass(piece: Buffer): void {
    this.movedAtMs = performance.now()
    if (this.push(piece)) return
    this.isWaiting = false
    this.#source.pause()
  }

  finish(): void {
    this.movedAtMs = performance.now()
    this.isWaiting = false
    this.push(null)
  }

  override _read(): void {
    this.movedAtMs = performance.now()
    this.isWaiting = true
    this.#source.resume()
  }

  /** The rest is not wanted, but is read, so that the client sees the answer. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#source.resume()
    done(error)
  }
}
