import type { TallyFigures } from '../store/rollups/tally.ts'
import type { StatsGrouping } from '../verbs/stats/counting.ts'
import type { GroupStats, Stats } from '../verbs/stats/stats.ts'

/** The members of the result that hold the groups. */
const MEMBERS = {
  day: 'days',
  hour: 'hours',
  model: 'models',
  key: 'keys',
  provider: 'providers',
  endpoint: 'endpoints',
  outcome: 'outcomes',
  status: 'statuses',
} as const satisfies Record<StatsGrouping, keyof Stats>

/** The groups of a grouping. */
export function groupsBy(stats: Stats, grouping: StatsGrouping): GroupStats[] {
  return stats[MEMBERS[grouping]]
}

/** For --json: the totals, and the groups that were asked for. */
export function statsJson(stats: Stats, by: readonly StatsGrouping[]) {
  const groups = by.map((grouping) => {
    const named = groupsBy(stats, grouping).map((group) => ({ [grouping]: group.name, ...figures(group) }))
    return [MEMBERS[grouping], named] as const
  })
  return { total: figures(stats.total), ...Object.fromEntries(groups) }
}

function figures(tally: TallyFigures) {
  const { requests, errors, cut, tokensIn, tokensOut, latencyMs, ttfbMs } = tally
  const { p50, p95, p99 } = latencyMs
  return {
    requests,
    errors,
    cut,
    tokens_in: tokensIn,
    tokens_out: tokensOut,
    tokens_cache_read: tally.tokensCacheRead,
    tokens_cache_write_5m: tally.tokensCacheWrite5m,
    tokens_cache_write_1h: tally.tokensCacheWrite1h,
    tokens_reasoning: tally.tokensReasoning,
    cache_rate: cacheRate(tally) ?? null,
    latency_p50_ms: p50,
    latency_p95_ms: p95,
    latency_p99_ms: p99,
    ttfb_p50_ms: ttfbMs.p50,
    ttfb_p95_ms: ttfbMs.p95,
    ttfb_p99_ms: ttfbMs.p99,
    cost: tally.cost,
    requests_with_cost: tally.requestsWithCost,
    not_counted: tally.notCounted,
  }
}

/** The share of the input that was read from a cache, from 0 to 1; undefined without input. */
export function cacheRate({ tokensIn, tokensCacheRead }: TallyFigures): number | undefined {
  return tokensIn === 0 ? undefined : tokensCacheRead / tokensIn
}
