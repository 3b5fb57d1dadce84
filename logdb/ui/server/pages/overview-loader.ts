import type { FastifyRequest } from 'fastify'
import { isoDay, MS_PER_DAY } from '../../../../kit/time.ts'
import type { TallyFigures } from '../../../store/rollups/tally.ts'
import type { GroupStats } from '../../../verbs/stats/stats.ts'
import {
  type Figures,
  type GroupRow,
  type OverviewData,
  RANGES,
  type Range,
  type Slot,
  type Unit,
} from '../../app/overview/overview-data.ts'
import type { PageData } from '../../app/page-data.ts'
import type { Access } from '../access/ui-keys.ts'
import type { UiParts } from '../ui-parts.ts'
import { type Asked, countedIn, LIMITS } from './overview-counts.ts'
import { pathOf } from './page-rows.ts'

const MS_PER_HOUR = 3_600_000
const DEFAULT_RANGE: Range = '7d'
const DAYS: Record<Range, number> = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 }
const MAX_ROWS = 12
const DAY_LENGTH = 'YYYY-MM-DD'.length
const DAY = /^\d{4}-\d\d-\d\d$/

/** The figures of a range, from what is known of each hour. */
export async function overviewPage(request: FastifyRequest, access: Access, { reader }: UiParts): Promise<PageData> {
  const asked = askedIn(request.query as Record<string, string | undefined>)
  const { unit } = asked
  const slots = slotsOf(asked, Date.now())
  const [first = ''] = slots
  const last = slots.at(-1) ?? ''
  const period = { since: startOf(first), to: endOf(last) }
  const { byTime, groups } = await countedIn(asked, period, { access, reader })
  const overview: OverviewData = {
    ...choicesOf(asked, slots),
    period: `${first.replace('T', ' ')} – ${last.replace('T', ' ')}`,
    total: figuresOf(byTime.total),
    slots: slotFigures(slots, unit === 'hour' ? byTime.hours : byTime.days),
    slotMs: unit === 'hour' ? MS_PER_HOUR : MS_PER_DAY,
    groups: groups ? groupsOf(groups, asked, period) : [],
    hasGroups: groups !== undefined,
    warnings: byTime.damaged.map(({ path, reason }) => `${path}: ${reason}`),
  }
  return { title: 'Overview', kind: 'overview', overview }
}

function askedIn(query: Record<string, string | undefined>): Asked {
  const { range: given = '', by, to } = query
  const range = Object.hasOwn(RANGES, given) ? (given as Range) : DEFAULT_RANGE
  const unit = by === 'hour' || by === 'day' ? by : undefined
  return {
    range,
    unit: range === '24h' ? 'hour' : (unit ?? 'day'),
    to: to !== undefined && isDay(to) ? to : undefined,
    model: query['model'] || undefined,
    key: query['key'] || undefined,
    provider: query['provider'] || undefined,
  }
}

function isDay(text: string): boolean {
  return DAY.test(text) && !Number.isNaN(Date.parse(text)) && isoDay(Date.parse(text)) === text
}

function pathTo({ range, unit, ...rest }: Asked): string {
  return pathOf('/ui/overview', { range, by: range !== '24h' && unit === 'hour' ? unit : undefined, ...rest })
}

/** The names of all hours or days of a range, as `stats` gives them; the last one of a range that ends now is not over. */
function slotsOf({ range, unit, to }: Asked, nowMs: number): string[] {
  const isByHour = unit === 'hour'
  const stepMs = isByHour ? MS_PER_HOUR : MS_PER_DAY
  const count = (DAYS[range] * MS_PER_DAY) / stepMs
  const endMs = to === undefined ? nowMs : Date.parse(to) + MS_PER_DAY - 1
  return Array.from({ length: count }, (_, index) => {
    const iso = new Date(endMs - (count - 1 - index) * stepMs).toISOString()
    return isByHour ? `${iso.slice(0, 13)}:00` : iso.slice(0, DAY_LENGTH)
  })
}

function choicesOf(asked: Asked, slots: readonly string[]) {
  const { range, unit, to } = asked
  const firstMs = Date.parse(slots[0]?.slice(0, DAY_LENGTH) ?? '')
  const nextMs = to === undefined ? Number.NaN : Date.parse(to) + DAYS[range] * MS_PER_DAY
  const units: Unit[] = range === '24h' ? ['hour'] : ['day', 'hour']
  return {
    ranges: Object.entries(RANGES).map(([name, label]) => ({
      name: label,
      path: pathTo({ ...asked, range: name as Range, unit: 'day' }),
      isChosen: name === range,
    })),
    units: units.map((one) => ({ name: `by ${one}`, path: pathTo({ ...asked, unit: one }), isChosen: one === unit })),
    previous: pathTo({ ...asked, to: isoDay(firstMs - MS_PER_DAY) }),
    ...(to !== undefined && { next: pathTo({ ...asked, to: nextMs < Date.now() ? isoDay(nextMs) : undefined }) }),
    limits: LIMITS.flatMap((name) => {
      const value = asked[name]
      return value === undefined ? [] : [{ name, value, path: pathTo({ ...asked, [name]: undefined }) }]
    }),
  }
}

function slotFigures(slots: readonly string[], groups: readonly GroupStats[]): Slot[] {
  const byName = new Map(groups.map((group) => [group.name, group]))
  return slots.map((name) => ({
    ...figuresOf(byName.get(name)),
    name: name.replace('T', ' '),
    startS: Date.parse(name.length > DAY_LENGTH ? `${name}Z` : name) / 1000,
    path: pathOf('/ui/requests', { since: startOf(name), to: endOf(name) }),
  }))
}

/** Of an hour such as `2025-09-10T08:00`; a day is itself. */
function startOf(name: string): string {
  return name.length > DAY_LENGTH ? `${name}:00Z` : name
}

function endOf(name: string): string {
  return name.length > DAY_LENGTH ? `${name.slice(0, -2)}59:59Z` : name
}

interface Groups {
  models: GroupStats[]
  keys: GroupStats[]
  providers: GroupStats[]
}

function groupsOf({ models, keys, providers }: Groups, asked: Asked, times: { since: string; to: string }) {
  const linked = (limit: (typeof LIMITS)[number]) => (name: string) => ({
    path: pathOf('/ui/requests', { ...times, [limit]: name }),
    ...(asked[limit] === undefined && { chartPath: pathTo({ ...asked, [limit]: name }) }),
  })
  return [
    { title: 'Model', rows: rowsOf(models, linked('model')) },
    { title: 'Key', rows: rowsOf(keys, linked('key')) },
    { title: 'Provider', rows: rowsOf(providers, linked('provider')) },
  ]
}

function rowsOf(groups: readonly GroupStats[], linksOf: (name: string) => Partial<GroupRow>): GroupRow[] {
  return groups.slice(0, MAX_ROWS).map(({ name, ...figures }) => ({
    ...figuresOf(figures),
    name: name ?? 'none',
    ...(name !== null && linksOf(name)),
  }))
}

const NO_TIMES = { p50: null, p95: null, p99: null }

function figuresOf(figures: Partial<TallyFigures> = {}): Figures {
  const { requests = 0, errors = 0, tokensIn = 0, tokensOut = 0, latencyMs = NO_TIMES, ttfbMs = NO_TIMES } = figures
  const { tokensCacheRead: tokensCached = 0, tokensReasoning = 0 } = figures
  const { cost = null, requestsWithCost = 0, notCounted = 0 } = figures
  const tokens = { tokensIn, tokensCached, tokensOut, tokensReasoning }
  const firstBytes = { firstP50: ttfbMs.p50, firstP95: ttfbMs.p95, firstP99: ttfbMs.p99 }
  return { requests, errors, ...tokens, ...latencyMs, ...firstBytes, cost, requestsWithCost, notCounted }
}
