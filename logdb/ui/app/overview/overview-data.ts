export const RANGES = { '24h': '24 hours', '7d': '7 days', '30d': '30 days', '90d': '90 days' } as const
export type Range = keyof typeof RANGES

export type Unit = 'hour' | 'day'

export interface OverviewData {
  /** A link for each range, and for hours and days. */
  ranges: Choice[]
  units: Choice[]
  /** Paths of the ranges before and after this one. */
  previous: string
  next?: string
  /** First and last slot. */
  period: string
  /** What the figures are limited to, and the path without that limit. */
  limits: { name: string; value: string; path: string }[]
  total: Figures
  /** Hours or days, in the order of time, those without requests too. */
  slots: Slot[]
  slotMs: number
  /** By model, key and provider. */
  groups: { title: string; rows: GroupRow[] }[]
  /** False if counting them would take too long. */
  hasGroups: boolean
  warnings: string[]
}

export interface Choice {
  name: string
  path: string
  isChosen: boolean
}

export interface Figures {
  requests: number
  errors: number
  tokensIn: number
  tokensCached: number
  tokensOut: number
  tokensReasoning: number
  /** Milliseconds. */
  p50: number | null
  p95: number | null
  p99: number | null
  /** The same to the first byte of the answer. */
  firstP50: number | null
  firstP95: number | null
  firstP99: number | null
  /** What providers say that requests cost; null if none says so. */
  cost: number | null
  requestsWithCost: number
  /** Requests whose first bytes and costs are not counted, because an earlier version stored them. */
  notCounted: number
}

/** An hour or a day. */
export interface Slot extends Figures {
  /** In UTC. */
  name: string
  /** Seconds since 1970. */
  startS: number
  /** Path of the list of its requests. */
  path: string
}

export interface GroupRow extends Figures {
  name: string
  /** Path of the list of its requests. */
  path?: string
  /** Path of the charts of only these requests. */
  chartPath?: string
}
