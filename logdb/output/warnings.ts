/** For a database of the predecessor that a verb cannot read. */
export function skippedWarning(path: string): string {
  return `${path}: was made by the predecessor and is skipped; run logdb convert`
}
