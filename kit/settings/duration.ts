const DURATION = /^(\d{1,9})\s*(ms|s|m|h|d|w)?$/i
const MS_PER_UNIT: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Milliseconds of `500ms`, `30s`, `5m`, `2h`, `7d` or `4w`; a number alone is seconds. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = 's'] = DURATION.exec(text.trim()) ?? []
  return count === undefined ? undefined : Number(count) * (MS_PER_UNIT[unit.toLowerCase()] ?? 0)
}
