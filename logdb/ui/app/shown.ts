const MS_PER_S = 1000
const SHORT_MS = 10_000
const SHORT_ID = 10
const FIRST_ERROR_STATUS = 400

/** `2025-09-15 10:30:00`, in UTC. */
export function shownTime(ts: number): string {
  return new Date(ts * MS_PER_S).toISOString().slice(0, 19).replace('T', ' ')
}

export function shownDuration(ms: number | null): string {
  if (ms === null) return ''
  return ms < SHORT_MS ? `${Math.round(ms)} ms` : `${(ms / MS_PER_S).toFixed(1)} s`
}

export function shownCount(count: number | null): string {
  return count === null ? '' : String(count).replace(/\B(?=(\d{3})+$)/g, ' ')
}

/** `1 request`, `2 requests`. @param noun of one of them; its plural ends with s */
export function counted(count: number, noun: string): string {
  return `${shownCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** What an error says, as a sentence of a page. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** A small one with the digits that matter. */
export function shownCost(cost: number | null): string {
  if (cost === null) return ''
  const digits = cost < 0.01 ? 6 : 4
  return cost.toFixed(cost < 1 ? digits : 2)
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

export function shownBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

export function shownTokens(tokensIn: number | null, tokensOut: number | null): string {
  return tokensIn === null && tokensOut === null ? '' : `${shownCount(tokensIn)} / ${shownCount(tokensOut)}`
}

export function shortId(id: string): string {
  return id.slice(0, SHORT_ID)
}

/** How a request ended: for its colour, and in words for those who see none. */
export function endingOf(status: number | null, outcome: string | null): 'good' | 'cut' | 'bad' {
  if (outcome === 'client_aborted' || outcome === 'upstream_truncated') return 'cut'
  if ((status ?? 0) >= FIRST_ERROR_STATUS || (outcome !== null && outcome !== 'ok')) return 'bad'
  return 'good'
}

export function requestPath(id: string): string {
  return `/ui/requests/${encodeURIComponent(id)}`
}

export function comparePath(a: string, b: string): string {
  return `/ui/compare?a=${encodeURIComponent(a)}&b=${encodeURIComponent(b)}`
}
