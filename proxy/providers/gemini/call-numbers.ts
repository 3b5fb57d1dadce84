interface Call {
  /** Empty if it has none. */
  id: string
  /** As the client sees it. */
  index: number
  /** As Google sent it, which may be the same for several calls. */
  given: unknown
}

/** What a piece of a call says about itself. */
export interface CallPiece {
  id: unknown
  given: unknown
  hasName: boolean
}

/** Gives each tool call of one choice an index of its own. */
export class CallNumbers {
  readonly #calls: Call[] = []

  get size(): number {
    return this.#calls.length
  }

  /** The call that this piece begins or continues. */
  callOf(piece: CallPiece): Call {
    const known = this.#find(piece)
    if (known) return known
    const id = typeof piece.id === 'string' ? piece.id : ''
    const call = { id, index: this.#newIndex(piece.given), given: piece.given }
    this.#calls.push(call)
    return call
  }

  /** An id means one call. Without an id, a piece with a name is a new call; any other piece continues the last one. */
  #find({ id, given, hasName }: CallPiece): Call | undefined {
    if (typeof id === 'string' && id !== '') return this.#calls.find((call) => call.id === id)
    if (hasName) return undefined
    return (
      (given === undefined ? undefined : this.#calls.findLast((call) => call.given === given)) ?? this.#calls.at(-1)
    )
  }

  #newIndex(given: unknown): number {
    const taken = new Set(this.#calls.map(({ index }) => index))
    if (typeof given === 'number' && !taken.has(given)) return given
    let free = 0
    while (taken.has(free)) free++
    return free
  }
}
