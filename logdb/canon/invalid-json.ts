/** Bytes that are not JSON. */
export class InvalidJson extends Error {
  override readonly name = 'InvalidJson'
  /** The byte where reading stopped. */
  readonly at: number

  constructor(problem: string, at: number) {
    super(`${problem} at byte ${at}`)
    this.at = at
  }
}

export const MAX_DEPTH = 2000

export function nestedTooDeep(at: number): InvalidJson {
  return new InvalidJson(`nested deeper than ${MAX_DEPTH} levels`, at)
}
