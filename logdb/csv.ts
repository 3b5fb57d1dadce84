const NEEDS_QUOTES = /[",\r\n]/

/** A line of comma-separated values, as in RFC 4180 but with a line feed only. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map((cell) => (NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`
}
