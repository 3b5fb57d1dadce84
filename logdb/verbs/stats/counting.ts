import { zoneOffsetMs } from '../../../kit/settings/time-zone.ts'
import { isoDay } from '../../../kit/time.ts'
import { type Dimension, groupsOf, type RequestFigures } from '../../store/rollups/request-figures.ts'
import { type Rollup, S_PER_HOUR } from '../../store/rollups/rollups.ts'
import { Tally, type TallyFigures } from '../../store/rollups/tally.ts'

/**
 * By what `stats` groups requests.
 * @example
 * const by: StatsGrouping[] = ['day', 'model']
 */
export type StatsGrouping = 'day' | 'hour' | Exclude<Dimension, 'all'>

interface Group extends TallyFigures {
  name: string | null
}

const MS_PER_S = 1000
const MS_PER_HOUR = S_PER_HOUR * MS_PER_S
const HOUR_LENGTH = 'YYYY-MM-DDTHH'.length

/** Adds up requests, and figures of hours, in the groups that were asked for. */
export class Counting {
  /** What is needed of the figures of each hour. */
  readonly dimensions: Dimension[]
  readonly #timeZone: string
  readonly #total = new Tally()
  readonly #groups: Map<StatsGrouping, Map<string | null, Tally>>
  /** The last name that each key had, by its hash. */
  readonly #keyNames = new Map<string | null, string>()
  /** Where days and hours of the zone begin, by the hour since 1970. */
  readonly #shown = new Map<number, string>()

  constructor(by: readonly StatsGrouping[], timeZone: string) {
    this.#timeZone = timeZone
    this.#groups = new Map(by.map((grouping) => [grouping, new Map()]))
    const named = by.flatMap((grouping) => (grouping === 'day' || grouping === 'hour' ? [] : [grouping]))
    this.dimensions = ['all', ...named]
  }

  /** False if hours of the zone do not begin where those of UTC do. */
  get canUseHours(): boolean {
    const isOfTime = this.#groups.has('day') || this.#groups.has('hour')
    return !isOfTime || zoneOffsetMs(Date.now(), this.#timeZone) % MS_PER_HOUR === 0
  }

  add(figures: RequestFigures): void {
    const [ts, , keyHash, keyName] = figures
    if (keyName !== null) this.#keyNames.set(keyHash, keyName)
    const names = groupsOf(figures)
    const tallies = [
      this.#total,
      ...this.#tallies((grouping) => this.#timeName(grouping, ts) ?? names[grouping as Dimension]),
    ]
    for (const tally of tallies) tally.add(figures)
  }

  addRollup(rollup: Rollup): void {
    const { hour, dimension, name, label } = rollup
    if (label !== null) this.#keyNames.set(name, label)
    if (dimension !== 'all') tallyOf(this.#groups.get(dimension), name)?.merge(rollup)
    else {
      this.#total.merge(rollup)
      for (const grouping of ['day', 'hour'] as const) {
        tallyOf(this.#groups.get(grouping), this.#timeName(grouping, hour * S_PER_HOUR) ?? null)?.merge(rollup)
      }
    }
  }

  stats() {
    return {
      total: this.#total.figures(),
      days: this.#inOrderOfTime('day'),
      hours: this.#inOrderOfTime('hour'),
      models: this.#byRequests('model'),
      keys: this.#byRequests('key', (hash) => this.#keyNames.get(hash) ?? hash),
      providers: this.#byRequests('provider'),
      endpoints: this.#byRequests('endpoint'),
      outcomes: this.#byRequests('outcome'),
      statuses: this.#byRequests('status'),
    }
  }

  #tallies(nameIn: (grouping: StatsGrouping) => string | null): Tally[] {
    return [...this.#groups].flatMap(([grouping, groups]) => tallyOf(groups, nameIn(grouping)) ?? [])
  }

  /** `2025-09-01` or `2025-09-01T10:00` in the zone; undefined for a group that is not a time. */
  #timeName(grouping: StatsGrouping, ts: number): string | undefined {
    if (grouping !== 'day' && grouping !== 'hour') return undefined
    const zone = this.#timeZone
    // In an hour of UTC, the day changes only in zones that differ from it by less than hours.
    const unit = this.canUseHours ? Math.floor(ts / S_PER_HOUR) * S_PER_HOUR : ts
    const shown = this.#shown.get(unit) ?? new Date(unit * MS_PER_S + zoneOffsetMs(unit * MS_PER_S, zone)).toISOString()
    this.#shown.set(unit, shown)
    return grouping === 'day' ? isoDay(Date.parse(shown)) : `${shown.slice(0, HOUR_LENGTH)}:00`
  }

  #inOrderOfTime(grouping: StatsGrouping): Group[] {
    return this.#groupsBy(grouping).sort(byName)
  }

  #byRequests(grouping: StatsGrouping, shown = (name: string | null) => name): Group[] {
    const groups = this.#groupsBy(grouping).map((group) => ({ ...group, name: shown(group.name) }))
    return groups.sort((a, b) => b.requests - a.requests || byName(a, b))
  }

  #groupsBy(grouping: StatsGrouping): Group[] {
    return [...(this.#groups.get(grouping) ?? [])].map(([name, tally]) => ({ name, ...tally.figures() }))
  }
}

function byName(a: Group, b: Group): number {
  return (a.name ?? '') < (b.name ?? '') ? -1 : 1
}

/** Undefined if nothing is grouped like that. */
function tallyOf(groups: Map<string | null, Tally> | undefined, name: string | null): Tally | undefined {
  const tally = groups?.get(name) ?? new Tally()
  groups?.set(name, tally)
  return groups && tally
}
