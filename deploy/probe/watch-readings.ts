/** What was seen of a release since it took over. */
export interface WatchReadings {
  containers: ContainerReading[]
  inside: InsideReading[]
  /** One for each completion of the built-in model through the edge. */
  echoes: EchoReading[]
  /** Counts of the previous release; undefined if they are not known. */
  before: AnswerCounts | undefined
  /** What such a completion took before the switch; undefined if that is not known. */
  usualEchoMs: number | undefined
  /** The container was made and started for this switch, and nothing restarted it before. */
  isFresh: boolean
  /** When the last line of the script came, in milliseconds of this process; undefined before the first. */
  lastLineAtMs: number | undefined
}

interface ContainerReading {
  /** As Docker names it, for example `running`. */
  state: string
  restarts: number
  /** Time of the last start. */
  startedAt: string
}

/** Asked inside the container whether it is ready. Times are milliseconds of the server. */
interface InsideReading {
  beginMs: number
  endMs: number
  isReady: boolean
  counts: AnswerCounts | undefined
}

export interface AnswerCounts {
  all: number
  /** Errors 5xx of the gateway itself. */
  own: number
  /** Answers that a provider failed. */
  providers: number
}

interface EchoReading {
  ms: number
  /** Undefined if it was answered as it should be. */
  problem: string | undefined
}

export function noReadings(usualEchoMs: number | undefined, isFresh: boolean): WatchReadings {
  return { containers: [], inside: [], echoes: [], before: undefined, usualEchoMs, isFresh, lastLineAtMs: undefined }
}

/** Adds a line of the script that watches. @param atMs when it came, in milliseconds of this process */
export function addLine(readings: WatchReadings, line: string, atMs?: number): void {
  readings.lastLineAtMs = atMs ?? readings.lastLineAtMs
  const [kind, ...words] = line.trim().split(' ')
  if (kind === 'container') {
    const [state = '', restarts = '0', startedAt = ''] = words
    readings.containers.push({ state, restarts: Number(restarts), startedAt })
  } else if (kind === 'inside') {
    const [beginMs, endMs, ready, ...counts] = words
    readings.inside.push({
      beginMs: Number(beginMs),
      endMs: Number(endMs),
      isReady: ready === '1',
      counts: readCounts(counts),
    })
  } else if (kind === 'before') readings.before = readCounts(words)
}

/** True if nothing at all has come from the server since then: the connection to it may hang, and not the gateway. */
export function isStalled({ lastLineAtMs }: WatchReadings, sinceMs: number): boolean {
  return lastLineAtMs !== undefined && lastLineAtMs < sinceMs && performance.now() - sinceMs > STALL_MS
}

/** The script prints a line each second. */
const STALL_MS = 2500

function readCounts(words: string[]): AnswerCounts | undefined {
  const [all = Number.NaN, own = Number.NaN, providers = Number.NaN] = words.map(Number)
  return Number.isNaN(all + own + providers) ? undefined : { all, own, providers }
}

const UNREADY_MS = 3000
const MAX_BAD_ECHOES = 3
const SLOW_FACTOR = 10
/** What is quicker is never too slow. */
const SLOW_FLOOR_MS = 1000
const MIN_ERRORS = 5
const MAX_ERROR_SHARE = 0.02

/** Why the release must not stay live, in words; undefined if it is well so far. */
export function judgeReadings(readings: WatchReadings): string | undefined {
  return (
    restarted(readings) ?? unready(readings) ?? failedEchoes(readings) ?? slowEchoes(readings) ?? ownErrors(readings)
  )
}

/** Answers that providers failed, if they are many; that is no reason to go back. */
export function providerErrors({ inside }: WatchReadings): AnswerCounts | undefined {
  const counts = lastCounts(inside)
  return counts && isMany(counts.providers, counts.all) ? counts : undefined
}

function restarted({ containers, isFresh }: WatchReadings): string | undefined {
  const [first] = containers
  const other = containers.find(
    ({ state, startedAt, restarts }) =>
      state !== 'running' || startedAt !== first?.startedAt || (isFresh && restarts > 0),
  )
  if (other === undefined) return undefined
  return other.state === 'running' ? 'it ended and was started again' : `its container is ${other.state}`
}

function unready({ inside }: WatchReadings): string | undefined {
  const lastReady = inside.findLastIndex(({ isReady }) => isReady)
  const [since, last] = [inside[lastReady + 1], inside.at(-1)]
  const ms = since === undefined || last === undefined ? 0 : last.endMs - since.beginMs
  return ms < UNREADY_MS ? undefined : `it has not been ready for ${inSeconds(ms)}`
}

function failedEchoes({ echoes }: WatchReadings): string | undefined {
  const lastGood = echoes.findLastIndex(({ problem }) => problem === undefined)
  const failed = echoes.slice(lastGood + 1)
  if (failed.length < MAX_BAD_ECHOES) return undefined
  return `${failed.length} completions of the built-in model failed through the edge: ${failed.at(-1)?.problem}`
}

function slowEchoes({ echoes, usualEchoMs = 0 }: WatchReadings): string | undefined {
  const limitMs = Math.max(SLOW_FLOOR_MS, SLOW_FACTOR * usualEchoMs)
  const isSlow = ({ ms, problem }: EchoReading) => problem === undefined && ms > limitMs
  const slow = echoes.slice(echoes.findLastIndex((echo) => !isSlow(echo)) + 1)
  const [first] = slow
  if (slow.length < MAX_BAD_ECHOES || first === undefined) return undefined
  const before = usualEchoMs > 0 ? `, and took ${inSeconds(usualEchoMs)} before` : ''
  return `a completion of the built-in model takes ${inSeconds(first.ms)} through the edge${before}`
}

/** A release that has no more errors than the previous one may be what repairs them later. */
function ownErrors({ inside, before }: WatchReadings): string | undefined {
  const counts = lastCounts(inside)
  if (counts === undefined || !isMany(counts.own, counts.all)) return undefined
  if (before !== undefined && before.all > 0 && counts.own / counts.all <= (2 * before.own) / before.all)
    return undefined
  return `it answered ${counts.own} of ${counts.all} requests with its own error`
}

function isMany(errors: number, all: number): boolean {
  return errors >= MIN_ERRORS && errors > MAX_ERROR_SHARE * all
}

function lastCounts(inside: readonly InsideReading[]): AnswerCounts | undefined {
  return inside.findLast(({ counts }) => counts !== undefined)?.counts
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 1000 ? 2 : 1)} s`
}
