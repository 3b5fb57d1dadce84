export function median(numbers: number[]): number {
  return percentile(numbers, 50)
}

/** The percentile of the numbers, `percent` from 0 to 100; NaN if there are none. */
export function percentile(numbers: number[], percent: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.max(Math.ceil((percent / 100) * sorted.length) - 1, 0)] ?? Number.NaN
}

/** Median of the ratios of both values of a round: what slows the machine down for a while slows both. */
export function medianRatio(ones: number[], others: number[]): number {
  return median(ones.map((one, round) => one / (others[round] ?? Number.NaN)))
}

/** The same for differences. */
export function medianDifference(ones: number[], others: number[]): number {
  return median(ones.map((one, round) => one - (others[round] ?? Number.NaN)))
}
