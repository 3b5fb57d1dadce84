import { statSync } from 'node:fs'

const NS_PER_S = 1_000_000_000n
/** Clocks of files are not finer than this: Linux sets times in steps of up to 10 ms, and FAT in steps of 2 s. */
const FINE_STEP_MS = 50
const WHOLE_SECONDS_STEP_MS = 2500

/**
 * Size and time of a partition whose rows are all in its file: the same text stands for the same content. Undefined if it
 * has a write-ahead log, or does not exist.
 */
export function stampOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })
  return stats && !log?.size ? `${stats.size} ${stats.mtimeNs}` : undefined
}

/** How long to wait until a later change is sure to get another time; undefined if the file is from the future. */
export function msUntilSettled(path: string): number | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (!stats) return undefined
  const stepMs = stats.mtimeNs % NS_PER_S === 0n ? WHOLE_SECONDS_STEP_MS : FINE_STEP_MS
  const ageMs = Date.now() - Number(stats.mtimeMs)
  return ageMs < 0 ? undefined : Math.max(0, stepMs - ageMs)
}
