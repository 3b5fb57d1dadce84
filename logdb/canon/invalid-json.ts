/** Bytes that are no JSON text; `at` is the byte where reading stopped. */
export class InvalidJson extends Error {
  override readonly name = 'InvalidJson'
  readonly at: number

  constructor(problem: string, at: number) {
    super(`${problem} at byte ${at}`)
    this.at = at
  }
}

export const MAX_DEPTH = 2000

export const nestedTooDeep = (at: number) => new InvalidJson(`nested deeper than ${MAX_DEPTH} levels`, at)
