/** The entries of a value that holds several, separated by commas. */
export function splitList(list: string | undefined): string[] {
  const entries = (list ?? '').split(',').map((entry) => entry.trim())
  return entries.filter((entry) => entry !== '')
}
