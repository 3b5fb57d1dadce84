const DURATION = /^(\d{1,9})\s*(ms|s|m|h)?$/i
const MS_PER_UNIT: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of `500ms`, `30s`, `5m` or `2h`; a number alone is seconds. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, count, unit = 's'] = DURATION.exec(text.trim()) ?? []
  return count === undefined ? undefined : Number(count) * (MS_PER_UNIT[unit.toLowerCase()] ?? 0)
}
