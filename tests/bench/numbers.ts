export function median(numbers: number[]): number {
  return percentile(numbers, 50)
}

/** The smallest of the numbers that so many percent of them do not exceed; NaN of none. */
export function percentile(numbers: number[], percent: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.max(Math.ceil((percent / 100) * sorted.length) - 1, 0)] ?? Number.NaN
}
