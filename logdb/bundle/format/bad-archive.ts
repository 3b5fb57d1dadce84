/** What can be wrong with a bundle. */
export type ProblemKind =
  | 'not a bundle'
  | 'truncated'
  | 'damaged'
  | 'tampered'
  | 'missing'
  | 'unlisted'
  | 'unsafe'
  | 'encrypted'
  | 'signature'

/** Why the rest of an archive cannot be read. */
export class BadArchive extends Error {
  readonly kind: ProblemKind

  constructor(kind: ProblemKind, message: string) {
    super(message)
    this.kind = kind
  }
}
