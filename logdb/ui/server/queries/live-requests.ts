import { loadSqlite } from '../../../store/sqlite/open.ts'
import {
  type NewRequestOptions,
  type NewRequests,
  newRequests,
  type Places,
  presentPlaces,
} from '../../../verbs/list/new-requests.ts'

export interface LiveOptions extends NewRequestOptions {
  /** Where the last answer ended; without it, the answer only says where the next one begins. */
  places?: Places
}

/** What was stored since the last answer. Partitions that cannot be read are reported by the list. */
export async function liveRequests({ places, ...options }: LiveOptions): Promise<NewRequests> {
  const engine = await loadSqlite()
  if (!places) return { requests: [], places: presentPlaces(engine, options, []) }
  return newRequests(engine, options, { places, damaged: [] })
}
