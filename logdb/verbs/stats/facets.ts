import { firstSecondOf, LAST_DAY, lastSecondOf, type Period } from '../../days.ts'
import { findPartitions } from '../../store/folder/partition-files.ts'
import { openPartition } from '../../store/partition/open-partition.ts'
import { type FacetCount, facetCounts } from '../../store/rollups/facet-counts.ts'
import { DIMENSIONS, type Dimension, groupsOf, requestFigures } from '../../store/rollups/request-figures.ts'
import { S_PER_HOUR, staleHours, timesOfHour } from '../../store/rollups/rollups.ts'
import { filterParameters, requestConditions } from '../../store/search/request-filter.ts'
import { unlessDamaged } from '../../store/sqlite/damage.ts'
import type { Connection } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'

export interface FacetOptions extends Period {
  /** Folder of the log database. */
  out: string
  /** Hash or name of the only API key whose requests are counted. */
  key?: string | undefined
}

type FacetName = Exclude<Dimension, 'all'>

/** The values of each facet in some hours, those with most requests first. */
type Facets = Record<FacetName, FacetValue[]>

interface FacetValue {
  value: string
  /** Of a key: a name that it had. */
  label?: string
  requests: number
}

const MAX_VALUES = 100
const NAMES = DIMENSIONS.filter((dimension) => dimension !== 'all')
type Hours = readonly [first: number, last: number]

/**
 * Values to filter by, of all hours that overlap the range. They come from what is known of each hour, so no request is
 * read, except those of an hour that was changed a moment ago and those of a single key.
 */
export async function facets({ out, since, to, key }: FacetOptions): Promise<Facets> {
  const engine = await loadSqlite()
  const values = new Map(NAMES.map((name) => [name, new Map<string, FacetValue>()]))
  const add = (found: FacetCount) => addTo(values.get(found.dimension as FacetName), found)
  const first = since === undefined ? 0 : hourOf(firstSecondOf(since))
  const last = hourOf(lastSecondOf(to ?? LAST_DAY))
  const hours = [first, last] as const
  for (const { path } of findPartitions(out, { since, to }).reverse()) {
    unlessDamaged([], path, () => {
      using db = openPartition(engine, path)
      if (!db) return
      if (key !== undefined) addRequests(db, hours, key, add)
      else {
        facetCounts(db, hours).forEach(add)
        const stale = staleHours(db).filter((hour) => hour >= hours[0] && hour <= hours[1])
        for (const hour of stale) addRequests(db, [hour, hour], undefined, add)
      }
    })
  }
  return Object.fromEntries(NAMES.map((name) => [name, sorted(values.get(name))])) as Facets
}

function hourOf(second: number): number {
  return Math.floor(second / S_PER_HOUR)
}

function addRequests(db: Connection, [first, last]: Hours, key: string | undefined, add: (found: FacetCount) => void) {
  const filter = { conditions: requestConditions({ key }), parameters: filterParameters({ key }) }
  const times = { sinceS: timesOfHour(first).sinceS, toS: timesOfHour(last).toS }
  for (const figures of requestFigures(db, times, filter)) {
    const [, , , label] = figures
    for (const [dimension, name] of Object.entries(groupsOf(figures)) as [Dimension, string | null][]) {
      if (name !== null) add({ dimension, name, label: dimension === 'key' ? label : null, requests: 1 })
    }
  }
}

function addTo(known: Map<string, FacetValue> | undefined, { name, label, requests }: FacetCount): void {
  const value = known?.get(name) ?? { value: name, requests: 0 }
  value.requests += requests
  if (label !== null) value.label = label
  known?.set(name, value)
}

function sorted(values: ReadonlyMap<string, FacetValue> | undefined): FacetValue[] {
  return [...(values?.values() ?? [])].sort((a, b) => b.requests - a.requests).slice(0, MAX_VALUES)
}
