import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'

/** What was written. */
export interface Written {
  bytes: number
  /** Hexadecimal. */
  sha256: string
}

const MAX_PENDING_BYTES = 256 * 1024

/** A new file that knows the SHA-256 of what it holds. */
export class HashedFile {
  readonly #file: number
  readonly #hash = createHash('sha256')
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #bytes = 0

  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }

  /** Keeps the bytes until there are enough of them. */
  write(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes >= MAX_PENDING_BYTES) this.#flush()
  }

  finish(): Written {
    this.#flush()
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }

  close(): void {
    closeSync(this.#file)
  }

  #flush(): void {
    const [first] = this.#pending
    const bytes = this.#pending.length === 1 && first ? first : Buffer.concat(this.#pending)
    this.#hash.update(bytes)
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at)
    this.#bytes += bytes.length
    this.#pending = []
    this.#pendingBytes = 0
  }
}
