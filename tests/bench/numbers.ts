export function median(numbers: number[]): number {
  return percentile(numbers, 50)
}

/** The smallest of the numbers that so many percent of them do not exceed; NaN of none. */
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
