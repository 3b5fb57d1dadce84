/** The words that were probably meant: those with the fewest typing mistakes between them and this one, at most a third of it. */
export function nearest(word: string, candidates: readonly string[]): string[] {
  const distances = candidates.map((candidate) => ({ candidate, mistakes: mistakesBetween(word, candidate) }))
  const fewest = Math.min(...distances.map(({ mistakes }) => mistakes))
  if (fewest > Math.max(1, Math.floor(word.length / 3))) return []
  return distances.filter(({ mistakes }) => mistakes === fewest).map(({ candidate }) => candidate)
}

/** Letters that are missing, too many, wrong, or in the wrong order with the next one (optimal string alignment). */
function mistakesBetween(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const choices = [
        (rows[i - 1]?.[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (rows[i - 1]?.[j - 1] ?? 0) + (isSame ? 0 : 1),
        ...(isSwapped ? [(rows[i - 2]?.[j - 2] ?? 0) + 1] : []),
      ]
      row.push(Math.min(...choices))
    }
    rows.push(row)
  }
  return rows[a.length]?.[b.length] ?? 0
}
