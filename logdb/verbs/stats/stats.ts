import { isoDay, MS_PER_DAY } from '../../../kit/time.ts'
import { type DayRange, timesWithin } from '../../days.ts'
import { findPartitions } from '../../store/folder/partition-files.ts'
import { openPartition } from '../../store/partition/open-partition.ts'
import { type RequestFigures, requestFigures } from '../../store/partition/stats.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { Tally, type TallyFigures } from './tally.ts'

/**
 * Which requests to count.
 * @example
 * const options: StatsOptions = { out: 'logs/db', since: '2025-09-01' }
 */
export interface StatsOptions extends DayRange {
  /** Folder of the log database. */
  out: string
}

/**
 * The requests of one day, model or key.
 * @example
 * const line = ({ name, requests }: GroupStats) => `${name ?? '(none)'} ${requests}`
 */
export interface GroupStats extends TallyFigures {
  /** A UTC date YYYY-MM-DD, a model, or the name or hash of a key; null for requests without a model or key. */
  name: string | null
}

/**
 * The figures of a range.
 * @example
 * const figures: Stats = await stats({ out: 'logs/db' })
 */
export interface Stats {
  total: TallyFigures
  /** In the order of time. */
  days: GroupStats[]
  /** Those with most requests first. */
  models: GroupStats[]
  /** Those with most requests first. */
  keys: GroupStats[]
  /** Paths of databases that were skipped because this logdb did not make them. */
  leftOut: string[]
}

/**
 * Counts the requests of a range.
 * @throws UserError DATABASE_DAMAGED and others
 * @example
 * const { total, models } = await stats({ out: 'logs/db', since: '2025-09-01' })
 * console.log(total.requests, total.latencyMs.p95)
 * for (const { name, tokensOut } of models) console.log(name, tokensOut)
 */
export async function stats({ out, ...range }: StatsOptions): Promise<Stats> {
  const engine = await loadSqlite()
  const counting = new Counting()
  const leftOut: string[] = []
  for (const file of findPartitions(out, range).reverse()) {
    using db = openPartition(engine, file.path)
    if (!db) leftOut.push(file.path)
    else for (const figures of requestFigures(db, timesWithin(file, range))) counting.add(figures)
  }
  return { ...counting.stats(), leftOut }
}

class Counting {
  readonly #total = new Tally()
  readonly #days = new Map<number, Tally>()
  readonly #models = new Map<string | null, Tally>()
  readonly #keys = new Map<string | null, Tally>()
  /** The last name that each key had, by its hash. */
  readonly #keyNames = new Map<string | null, string>()

  add([day, model, keyHash, keyName, ...figures]: RequestFigures): void {
    if (keyName !== null) this.#keyNames.set(keyHash, keyName)
    for (const tally of [
      this.#total,
      tallyOf(this.#days, day),
      tallyOf(this.#models, model),
      tallyOf(this.#keys, keyHash),
    ]) {
      tally.add(...figures)
    }
  }

  stats(): Omit<Stats, 'leftOut'> {
    const days = groups(this.#days, (day) => isoDay(day * MS_PER_DAY))
    return {
      total: this.#total.figures(),
      days: days.sort((a, b) => ((a.name ?? '') < (b.name ?? '') ? -1 : 1)),
      models: groups(this.#models, (model) => model).sort(byRequests),
      keys: groups(this.#keys, (hash) => this.#keyNames.get(hash) ?? hash).sort(byRequests),
    }
  }
}

function tallyOf<Key>(tallies: Map<Key, Tally>, key: Key): Tally {
  const known = tallies.get(key)
  if (known) return known
  const tally = new Tally()
  tallies.set(key, tally)
  return tally
}

function groups<Key>(tallies: Map<Key, Tally>, nameOf: (key: Key) => string | null): GroupStats[] {
  return [...tallies].map(([key, tally]) => ({ name: nameOf(key), ...tally.figures() }))
}

function byRequests(a: GroupStats, b: GroupStats): number {
  return b.requests - a.requests
}
