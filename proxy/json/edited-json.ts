import { applyEdits, type Edit, editedPieces } from './edit.ts'

/** A larger text is sent in pieces instead of a copy: a copy of 5 MB takes 1 ms, in which all other requests wait. */
const LARGE_BYTES = 512 * 1024

/** A JSON text with edits, which are made together when it is needed. */
export class EditedJson {
  readonly original: Buffer
  readonly #edits: readonly Edit[]

  constructor(original: Buffer, edits: readonly Edit[]) {
    this.original = original
    this.#edits = edits
  }

  /** @param edits further ones, also of the original; none of all may overlap */
  with(edits: readonly Edit[]): EditedJson {
    return edits.length === 0 ? this : new EditedJson(this.original, [...this.#edits, ...edits])
  }

  /** All of it; the original if nothing is edited. */
  get bytes(): Buffer {
    return applyEdits(this.original, this.#edits)
  }

  /** The same, or the pieces that it consists of. */
  get toSend(): Buffer | readonly Buffer[] {
    const isCopied = this.#edits.length > 0 && this.original.length > LARGE_BYTES
    return isCopied ? editedPieces(this.original, this.#edits) : this.bytes
  }
}
