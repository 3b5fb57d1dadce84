import type { TimeRange } from '../../days.ts'
import type { Connection } from '../sqlite/engine.ts'
import { LatencySketch } from './latency-sketch.ts'
import { DIMENSIONS, type Dimension, IN_TIME } from './request-figures.ts'
import { countedBy, type StoredTally, Tally } from './tally.ts'

/** The requests that have one value of a dimension. */
export interface Group {
  dimension: Dimension
  name: string | null
  /** Of a key: the last name that it had. */
  label: string | null
  tally: Tally
}

/** Requests that have the same value in every dimension, as SQLite counted them. */
interface Cell extends Omit<StoredTally, 'errors' | 'cut'> {
  model: string | null
  key: string | null
  keyName: string | null
  provider: string | null
  endpoint: string
  outcome: string | null
  statusCode: number | null
}

/** `total` is the sum of numbers as JavaScript has them; a sum of whole numbers may be too large for `sum`. */
const CELLS = `
  SELECT COALESCE(model_original, model_mapped) AS model, api_key_hash AS key, api_key_name AS keyName, provider, endpoint,
    outcome, status_code AS statusCode, count(*) AS requests, latency_sketch(latency_ms) AS latencies,
    total(tokens_in) AS tokensIn, total(tokens_out) AS tokensOut, total(tokens_cache_read) AS tokensCacheRead,
    total(tokens_cache_write_5m) AS tokensCacheWrite5m, total(tokens_cache_write_1h) AS tokensCacheWrite1h,
    total(tokens_reasoning) AS tokensReasoning, total(round(cost * 1e9)) AS costNano, count(cost) AS costs,
    latency_sketch(ttfb_ms) AS firstBytes
  FROM z_req WHERE ts BETWEEN @sinceS AND @toS GROUP BY 1, 2, 3, 4, 5, 6, 7`

const LAST_NAME = `
  SELECT api_key_name FROM z_req
  WHERE ts BETWEEN @sinceS AND @toS AND api_key_hash IS @key AND api_key_name IS NOT NULL
  ORDER BY ${IN_TIME.map((name) => `${name} DESC`).join(', ')} LIMIT 1`

/**
 * Reads the groups of each dimension that requests of some times are in. SQLite counts the requests: to read them one by one
 * takes three times as long.
 */
export function groupReader(db: Connection): (times: TimeRange) => Group[] {
  defineSketch(db)
  const cells = db.prepare<[TimeRange], Cell>(CELLS)
  return (times) => groupsOf(cells.all(times), (key) => lastName(db, times, key))
}

const haveSketch = new WeakSet<Connection>()

/** Once: when a function is defined again, SQLite prepares every statement again, 1 ms after each commit of an ingest. */
function defineSketch(db: Connection): void {
  if (haveSketch.has(db)) return
  db.defineAggregate('latency_sketch', {
    start: () => new LatencySketch(),
    step: (sketch, latencyMs: number | null) => {
      if (latencyMs !== null) sketch.add(latencyMs)
    },
    result: (sketch) => sketch.store(),
  })
  haveSketch.add(db)
}

function groupsOf(cells: readonly Cell[], lastNameOf: (key: string | null) => string | null): Group[] {
  const groups = new Map<Dimension, Map<string | null, Group>>(DIMENSIONS.map((dimension) => [dimension, new Map()]))
  for (const cell of cells) {
    const { key, keyName } = cell
    const stored = { ...cell, ...countedBy(cell.outcome, cell.statusCode, cell.requests) }
    const names = namesOf(cell)
    for (const [dimension, known] of groups) {
      const name = names[dimension]
      const group = known.get(name) ?? { dimension, name, label: null, tally: new Tally() }
      known.set(name, group)
      group.tally.merge(stored)
      if (dimension !== 'key' || keyName === null) continue
      // Nearly every key has one name.
      group.label = group.label === null || group.label === keyName ? keyName : lastNameOf(key)
    }
  }
  return [...groups.values()].flatMap((known) => [...known.values()])
}

function lastName(db: Connection, times: TimeRange, key: string | null): string | null {
  return db.prepareValue<[object], string>(LAST_NAME).get({ ...times, key }) ?? null
}

function namesOf({ model, key, provider, endpoint, outcome, statusCode }: Cell): Record<Dimension, string | null> {
  const status = statusCode === null ? null : String(statusCode)
  return { all: null, model, key, provider, endpoint, outcome, status }
}
