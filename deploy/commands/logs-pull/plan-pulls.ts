import { isObject } from '../../../kit/json.ts'
import { sha256 } from '../../../kit/sha256.ts'
import { MS_PER_DAY } from '../../../kit/time.ts'
import { pulledBundle } from '../../remote/logdb/bundles.ts'
import type { DayMarks, Pull } from './pull-state.ts'

/** More days go into several bundles, so that no disk has to hold all at once. */
const DAYS_IN_BUNDLE = 31

/** What each day has, of the JSON of `logdb stats` by day. */
export function dayMarks(stats: unknown): DayMarks {
  const { result } = isObject(stats) ? stats : {}
  const days = isObject(result) && Array.isArray(result['days']) ? result['days'] : []
  const entries = days.filter(isObject).map((one) => {
    const figures = ['requests', 'errors', 'cut', 'tokens_in', 'tokens_out'].map((name) => one[name] ?? 0)
    return [`${one['day']}`, figures.join(' ')] as const
  })
  return Object.fromEntries(entries.filter(([day]) => /^\d{4}-\d\d-\d\d$/.test(day)))
}

/** The bundles that bring what is new on the server, the earliest days first. */
export function planPulls(server: DayMarks, here: DayMarks): Pull[] {
  const days = Object.keys(server).sort()
  const changed = days.filter((day) => server[day] !== here[day])
  const pulls: Pull[] = []
  for (let since = changed[0]; since !== undefined; ) {
    const first = since
    const end = Date.parse(first) + DAYS_IN_BUNDLE * MS_PER_DAY
    const within = changed.filter((day) => day >= first && Date.parse(day) < end)
    const to = within.at(-1) ?? first
    pulls.push(pullOf(first, to, marksWithin(server, first, to)))
    since = changed.find((day) => day > to)
  }
  return pulls
}

/** Days between the changed ones are in the bundle too. */
function marksWithin(server: DayMarks, since: string, to: string): DayMarks {
  return Object.fromEntries(Object.entries(server).filter(([day]) => day >= since && day <= to))
}

/** The same content has the same name. */
function pullOf(since: string, to: string, days: DayMarks): Pull {
  const digest = sha256(JSON.stringify(Object.entries(days).sort())).slice(0, 12)
  return { file: pulledBundle(`${since}-${to}-${digest}`), since, to, days }
}
