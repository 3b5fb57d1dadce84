import type { TimeRange } from '../../days.ts'
import type { Connection } from '../sqlite/engine.ts'
import { type Group, groupReader } from './hour-groups.ts'
import { DIMENSIONS, type Dimension } from './request-figures.ts'
import { type StoredTally, Tally } from './tally.ts'

/**
 * Figures of the requests of each hour, by one dimension at a time, so that `stats` of a month need not read its requests.
 * An hour in `rollup_stale` has none that apply: its requests are read instead. Triggers note hours there, and remove the
 * names of requests that are removed.
 */
export const ROLLUPS = `
CREATE TABLE rollup (
  hour INTEGER NOT NULL, dimension TEXT NOT NULL, name TEXT, label TEXT, requests INTEGER NOT NULL, errors INTEGER NOT NULL,
  cut INTEGER NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, latencies BLOB NOT NULL
) STRICT;
CREATE INDEX rollup_by_hour ON rollup (hour, dimension);
CREATE TABLE rollup_stale (
  hour INTEGER PRIMARY KEY
) STRICT;
INSERT INTO rollup_stale SELECT DISTINCT ts / 3600 FROM req;
${triggersOn('req')}`

export const DROP_TRIGGERS = `
DROP TRIGGER IF EXISTS rollup_of_new;
DROP TRIGGER IF EXISTS rollup_of_removed;
`

/** The table of requests had another name before. */
export const MOVE_TRIGGERS = `${DROP_TRIGGERS}${triggersOn('req_row')}`

/** Null in a partition of an earlier version, where they are not counted. */
export const COST_COLUMNS = ['cost_nano', 'costs', 'first_bytes']

/** Costs in a billionth, as whole numbers, whose sum is the same in any order. All hours are counted again. */
export const ADD_COSTS = `
ALTER TABLE rollup ADD COLUMN cost_nano INTEGER;
ALTER TABLE rollup ADD COLUMN costs INTEGER;
ALTER TABLE rollup ADD COLUMN first_bytes BLOB;
DELETE FROM rollup;
INSERT OR IGNORE INTO rollup_stale SELECT DISTINCT ts / 3600 FROM req;
`

export const S_PER_HOUR = 3600

/** The figures of one group in one hour. */
export interface Rollup extends StoredTally {
  /** Since 1970. */
  hour: number
  dimension: Dimension
  name: string | null
  /** Of a key: the last name that it had in this hour. */
  label: string | null
}

/** Hours whose requests must be read. */
export function staleHours(db: Connection): number[] {
  return db.prepareValue<[], number>('SELECT hour FROM z_rollup_stale ORDER BY hour').all()
}

/** Removes all figures, so that the requests are read until they are made again; within a transaction. */
export function forgetRollups(db: Connection): void {
  db.exec(`
    DELETE FROM z_rollup;
    DELETE FROM z_rollup_stale;
    INSERT INTO z_rollup_stale SELECT DISTINCT ts / 3600 FROM z_req ORDER BY 1;
  `)
}

/** Brings the figures of these hours, by default of all, up to date; within a transaction. */
export function refreshRollups(db: Connection, hours: readonly number[] = staleHours(db)): void {
  if (hours.length === 0) return
  const insert = db.prepare<[unknown[]]>(
    'INSERT INTO z_rollup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const [remove, settle] = ['z_rollup', 'z_rollup_stale'].map((table) => {
    return db.prepare<[number]>(`DELETE FROM ${table} WHERE hour = ?`)
  })
  const groupsOf = groupReader(db)
  for (const hour of hours) {
    remove?.run(hour)
    for (const { dimension, name, label, tally } of groupsOf(timesOfHour(hour))) {
      insert.run([hour, dimension, name, label, ...valuesOf(tally.stored())])
    }
    settle?.run(hour)
  }
}

/** In the order of the columns. */
function valuesOf({ requests, errors, cut, tokensIn, tokensOut, latencies, ...parts }: StoredTally) {
  const { tokensCacheRead, tokensCacheWrite5m, tokensCacheWrite1h, tokensReasoning } = parts
  const counts = [requests, errors, cut, tokensIn, tokensOut]
  const ofTokens = [tokensCacheRead, tokensCacheWrite5m, tokensCacheWrite1h, tokensReasoning]
  return [...counts, latencies, ...ofTokens, parts.costNano, parts.costs, parts.firstBytes]
}

/** Hours whose stored figures are not those of their requests; hours whose figures do not apply are left out. */
export function wrongHours(db: Connection): number[] {
  const stored = new Map<number, Set<string>>()
  for (const hour of db.prepareValue<[], number>(KNOWN_HOURS).iterate()) stored.set(hour, new Set())
  const last = Number.MAX_SAFE_INTEGER
  for (const { hour, dimension, name, label, ...tally } of readRollups(db, DIMENSIONS, [0, last])) {
    stored.get(hour)?.add(groupText(dimension, name, label, inOneForm(tally)))
  }
  const groupsOf = groupReader(db)
  return [...stored].flatMap(([hour, texts]) => (haveTexts(groupsOf(timesOfHour(hour)), texts) ? [] : [hour]))
}

const KNOWN_HOURS = `
  SELECT hour FROM (SELECT DISTINCT ts / 3600 AS hour FROM z_req UNION SELECT hour FROM z_rollup)
  WHERE hour NOT IN (SELECT hour FROM z_rollup_stale) ORDER BY hour`

function haveTexts(groups: readonly Group[], stored: ReadonlySet<string>): boolean {
  if (groups.length !== stored.size) return false
  return groups.every(({ dimension, name, label, tally }) => {
    const found = tally.stored()
    const forms = [found, { ...found, ...NOT_COUNTED }]
    return forms.some((form) => stored.has(groupText(dimension, name, label, form)))
  })
}

/** In a partition of an earlier version. */
const NOT_COUNTED = { costNano: null, costs: null, firstBytes: null }

/** Earlier versions stored few latencies in the order in which they came. */
function inOneForm(stored: StoredTally): StoredTally {
  const tally = new Tally()
  tally.merge(stored)
  return { ...tally.stored(), ...(stored.firstBytes === null && NOT_COUNTED) }
}

function groupText(dimension: string, name: string | null, label: string | null, tally: StoredTally): string {
  const values = valuesOf(tally).map((value) => (Buffer.isBuffer(value) ? value.toString('base64') : value))
  return JSON.stringify([dimension, name, label, ...values])
}

export function timesOfHour(hour: number): TimeRange {
  return { sinceS: hour * S_PER_HOUR, toS: (hour + 1) * S_PER_HOUR - 1 }
}

/** The figures of hours that are not stale, in the order of time; both hours included. */
export function readRollups(
  db: Connection,
  dimensions: readonly Dimension[],
  [firstHour, lastHour]: readonly [number, number],
): IterableIterator<Rollup> {
  const sql = `
    SELECT hour, dimension, name, label, requests, errors, cut, tokens_in AS tokensIn, tokens_out AS tokensOut, latencies,
      tokens_cache_read AS tokensCacheRead, tokens_cache_write_5m AS tokensCacheWrite5m,
      tokens_cache_write_1h AS tokensCacheWrite1h, tokens_reasoning AS tokensReasoning,
      cost_nano AS costNano, costs, first_bytes AS firstBytes
    FROM z_rollup WHERE hour BETWEEN ? AND ? AND dimension IN (${dimensions.map(() => '?').join(', ')})
      AND hour NOT IN (SELECT hour FROM z_rollup_stale) ORDER BY hour`
  return db.prepare<unknown[], Rollup>(sql).iterate(firstHour, lastHour, ...dimensions)
}

/** @param prefix of the names of tables */
export function triggersOn(table: string, prefix = ''): string {
  return `
CREATE TRIGGER rollup_of_new AFTER INSERT ON ${prefix}${table} BEGIN
  INSERT OR IGNORE INTO ${prefix}rollup_stale VALUES (NEW.ts / 3600);
END;
CREATE TRIGGER rollup_of_removed AFTER DELETE ON ${prefix}${table} BEGIN
  DELETE FROM ${prefix}rollup WHERE hour = OLD.ts / 3600;
  INSERT OR IGNORE INTO ${prefix}rollup_stale VALUES (OLD.ts / 3600);
END;
`
}
