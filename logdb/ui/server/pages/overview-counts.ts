import type { CountedGroup, Stats } from '../../../verbs/stats/stats.ts'
import type { Range, Unit } from '../../app/overview/overview-data.ts'
import type { Access } from '../access/ui-keys.ts'
import type { UiParts } from '../ui-parts.ts'

/** What the overview can be limited to. */
export const LIMITS = ['model', 'key', 'provider'] as const
/** These are read in about a second. */
const MAX_READ = 100_000

/** What the URL of an overview asks for. */
export interface Asked {
  range: Range
  unit: Unit
  /** The last day; undefined for one that ends now. */
  to: string | undefined
  model: string | undefined
  key: string | undefined
  provider: string | undefined
}

interface Counted {
  byTime: Stats
  /** Undefined if too many requests would have to be read one by one. */
  groups: Stats | undefined
}

/**
 * Of all requests, everything is known of each hour. Of one model, key or provider only the figures by time are; for what is
 * in the tables its requests are read.
 */
export async function countedIn(
  asked: Asked,
  period: { since: string; to: string },
  { access, reader }: { access: Access; reader: UiParts['reader'] },
): Promise<Counted> {
  const { unit, model, key, provider } = asked
  const group = onlyGroup(asked, access)
  const byTime = group && (await reader.statsOfGroup({ ...period, unit, group }, access))
  if (byTime && byTime.total.requests > MAX_READ) return { byTime, groups: undefined }
  const limits = { ...(model && { model }), ...(key && { key }), ...(provider && { provider }) }
  const all = await reader.stats({ ...period, by: [unit, 'model', 'key', 'provider'], ...limits }, access)
  return { byTime: all, groups: all }
}

/** Undefined without a limit, and with several. A key of the gateway is one. */
function onlyGroup(asked: Asked, { key }: Access): CountedGroup | undefined {
  const limits = LIMITS.flatMap((dimension) => {
    const name = asked[dimension]
    return name === undefined ? [] : [{ dimension, name }]
  })
  const all: CountedGroup[] = key === undefined ? limits : [...limits, { dimension: 'key', name: key }]
  return all.length === 1 ? all[0] : undefined
}
