import { performance } from 'node:perf_hooks'

/** With a larger difference, the wall clock was set or the machine was asleep. */
const MAX_DRIFT_US = 5_000

let offsetUs = Math.floor(performance.timeOrigin * 1000)
let lastUs = 0
/** The formatted last second, which most timestamps share. */
let second = { startUs: Number.NaN, text: '' }

/** The current time as ISO text with microseconds and `Z`; later than every time that was returned before. */
export function uniqueTimestamp(): string {
  const monotonicUs = Math.floor(performance.now() * 1000)
  const wallUs = Date.now() * 1000
  if (Math.abs(monotonicUs + offsetUs - wallUs) > MAX_DRIFT_US) offsetUs = wallUs - monotonicUs
  lastUs = Math.max(monotonicUs + offsetUs, lastUs + 1)
  const fractionUs = lastUs % 1_000_000
  const startUs = lastUs - fractionUs
  if (startUs !== second.startUs) {
    second = { startUs, text: new Date(startUs / 1000).toISOString().slice(0, -'000Z'.length) }
  }
  return `${second.text}${String(fractionUs).padStart(6, '0')}Z`
}
