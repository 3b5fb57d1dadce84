import { createHash } from 'node:crypto'
import type { LoggedBody } from '../log/body.ts'

/** What the log holds of a body that passes through. */
export class BodyDigest {
  readonly #hash = createHash('sha256')
  #bytes = 0

  push(piece: Buffer): void {
    this.#hash.update(piece)
    this.#bytes += piece.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @param facts further members of the body in the log */
  toBody(facts: Record<string, string | null>): LoggedBody {
    const bytes = this.#bytes
    const digest = { bytes, sha256: this.#hash.copy().digest('hex') }
    return { json: Buffer.from(JSON.stringify({ ...facts, _digest: { bytes } })), truncated: false, digest }
  }
}
