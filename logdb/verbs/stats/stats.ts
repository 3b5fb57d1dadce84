import { type Period, type TimeRange, timesWithin } from '../../days.ts'
import { findPartitions } from '../../store/folder/partition-files.ts'
import { openPartition } from '../../store/partition/open-partition.ts'
import { type FigureFilter, requestFigures } from '../../store/rollups/request-figures.ts'
import { type Rollup, readRollups, S_PER_HOUR, staleHours, timesOfHour } from '../../store/rollups/rollups.ts'
import type { TallyFigures } from '../../store/rollups/tally.ts'
import {
  filterParameters,
  type RequestConditions,
  type RequestFilter,
  requestConditions,
} from '../../store/search/request-filter.ts'
import { type DamagedPartition, requireReadable, unlessDamaged } from '../../store/sqlite/damage.ts'
import type { Connection } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { Counting, type StatsGrouping } from './counting.ts'

/**
 * Which requests to count, and by what; a missing filter sets no limit.
 * @example
 * const options: StatsOptions = { out: 'logs/db', since: '2025-09-01', by: ['model', 'status'] }
 */
export interface StatsOptions extends Period, RequestConditions {
  /** Folder of the log database. */
  out: string
  /** By default day, model and key. */
  by?: readonly StatsGrouping[] | undefined
  /** IANA name of the zone of days and hours; UTC by default. */
  timeZone?: string | undefined
}

/**
 * The requests of one group, for example of a day, a model or a key.
 * @example
 * const line = ({ name, requests }: GroupStats) => `${name ?? '(none)'} ${requests}`
 */
export interface GroupStats extends TallyFigures {
  /** A date YYYY-MM-DD, an hour YYYY-MM-DDTHH:00, the name or hash of a key, or a value; null for requests without one. */
  name: string | null
}

/**
 * The figures of a range. Groups that were not asked for are empty.
 * @example
 * const figures: Stats = await stats({ out: 'logs/db' })
 */
export interface Stats {
  total: TallyFigures
  /** In the order of time. */
  days: GroupStats[]
  hours: GroupStats[]
  /** Those with most requests first, as in all that follow. */
  models: GroupStats[]
  keys: GroupStats[]
  providers: GroupStats[]
  endpoints: GroupStats[]
  outcomes: GroupStats[]
  statuses: GroupStats[]
  /** Paths of databases that were skipped because this logdb did not make them. */
  leftOut: string[]
  /** Partitions that could not be read. */
  damaged: DamagedPartition[]
}

const DEFAULT_GROUPINGS: readonly StatsGrouping[] = ['day', 'model', 'key']
const ALL_TIMES: TimeRange = { sinceS: 0, toS: Number.MAX_SAFE_INTEGER }

/**
 * Counts the requests of a range. It reads what is known of each hour, and the requests themselves only of hours that the
 * range cuts, that were changed a moment ago, or if there is a filter.
 * @throws UserError DATABASE_DAMAGED and others
 * @example
 * const { total, models } = await stats({ out: 'logs/db', since: '2025-09-01' })
 * console.log(total.requests, total.latencyMs.p95)
 * for (const { name, tokensOut } of models) console.log(name, tokensOut)
 */
export async function stats(options: StatsOptions): Promise<Stats> {
  return await count(options)
}

/** One value by which requests are grouped. */
export interface CountedGroup {
  dimension: 'model' | 'key' | 'provider'
  /** As it is in the figures of hours; of a key its hash, or the name that it had last. */
  name: string
}

/**
 * The requests of one group, by time. Unlike `stats` with a filter it does not read the requests of hours whose figures are
 * known, so a month is counted at once.
 * @throws UserError as stats
 */
export async function statsOfGroup({
  unit,
  group,
  ...options
}: Period & { out: string; unit: 'day' | 'hour'; group: CountedGroup }): Promise<Stats> {
  return await count({ ...options, by: [unit], [group.dimension]: group.name }, group)
}

/** @param group the same as the filter */
async function count(
  { out, since, to, by = DEFAULT_GROUPINGS, timeZone, ...filter }: StatsOptions,
  group?: CountedGroup,
): Promise<Stats> {
  const engine = await loadSqlite()
  const counting = new Counting(by, timeZone ?? 'UTC')
  const leftOut: string[] = []
  const damaged: DamagedPartition[] = []
  const files = findPartitions(out, { since, to }).reverse()
  for (const file of files) {
    unlessDamaged(damaged, file.path, () => {
      using db = openPartition(engine, file.path)
      const times = timesWithin(file, { since, to })
      if (!db) leftOut.push(file.path)
      else countPartition(db, counting, times, { filter: figureFilter(filter), group })
    })
  }
  requireReadable(damaged, files.length)
  return { ...counting.stats(), leftOut, damaged }
}

/** Undefined if there is none. */
function figureFilter(filter: RequestFilter): FigureFilter | undefined {
  const conditions = requestConditions(filter)
  return conditions.length === 0 ? undefined : { conditions, parameters: filterParameters(filter) }
}

function countPartition(
  db: Connection,
  counting: Counting,
  times: TimeRange = ALL_TIMES,
  { filter, group }: { filter: FigureFilter | undefined; group: CountedGroup | undefined },
): void {
  const countRows = (range: TimeRange) => {
    for (const figures of requestFigures(db, range, filter)) counting.add(figures)
  }
  const [firstHour, lastHour] = wholeHours(times)
  if ((filter && !group) || !counting.canUseHours || firstHour > lastHour) {
    countRows(times)
    return
  }
  for (const rollup of rollupsFor(db, counting, { hours: [firstHour, lastHour], group })) counting.addRollup(rollup)
  countRows({ sinceS: times.sinceS, toS: firstHour * S_PER_HOUR - 1 })
  for (const hour of staleHours(db)) if (hour >= firstHour && hour <= lastHour) countRows(timesOfHour(hour))
  countRows({ sinceS: (lastHour + 1) * S_PER_HOUR, toS: times.toS })
}

/** Those of a group as if they were of all requests. */
function* rollupsFor(
  db: Connection,
  counting: Counting,
  { hours, group }: { hours: readonly [number, number]; group: CountedGroup | undefined },
): Generator<Rollup> {
  if (!group) return yield* readRollups(db, counting.dimensions, hours)
  for (const rollup of readRollups(db, [group.dimension], hours)) {
    const isOfGroup = rollup.name === group.name || rollup.label === group.name
    if (isOfGroup) yield { ...rollup, dimension: 'all', name: null, label: null }
  }
}

/** The first and the last hour since 1970 that are completely within these times. */
function wholeHours({ sinceS, toS }: TimeRange): [firstHour: number, lastHour: number] {
  return [Math.ceil(sinceS / S_PER_HOUR), Math.floor((toS + 1) / S_PER_HOUR) - 1]
}
