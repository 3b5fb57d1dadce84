import type { Connection } from '../sqlite/engine.ts'
import type { Dimension } from './request-figures.ts'

/** A value that requests have, and how many have it. */
export interface FacetCount {
  dimension: Dimension
  name: string
  /** Of a key: a name that it had. */
  label: string | null
  requests: number
}

const COUNTS = `
  SELECT dimension, name, max(label) AS label, sum(requests) AS requests FROM z_rollup
  WHERE hour BETWEEN ? AND ? AND dimension <> 'all' AND name IS NOT NULL
    AND hour NOT IN (SELECT hour FROM z_rollup_stale)
  GROUP BY dimension, name`

/** The values in the figures of hours that are not stale; both hours included. */
export function facetCounts(db: Connection, [firstHour, lastHour]: readonly [number, number]): FacetCount[] {
  return db.prepare<[number, number], FacetCount>(COUNTS).all(firstHour, lastHour)
}
