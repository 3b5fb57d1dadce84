import { setTimeout } from 'node:timers/promises'
import type { DamagedPartition } from '../../store/sqlite/damage.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { type ListedRequest, type ListOptions, listRequests } from './list.ts'
import { newRequests, presentPlaces } from './new-requests.ts'

const PAUSE_MS = 500

/** What is new. */
export interface FollowedRequests {
  requests: ListedRequest[]
  /** Partitions that could not be read, each once. */
  damaged: DamagedPartition[]
}

/**
 * The latest requests in the order of time, and then those that are stored while it runs, until the signal comes.
 * @yields some requests at a time, none if nothing is new
 * @throws UserError
 */
export async function* followRequests(
  { limit, ...options }: ListOptions,
  signal: AbortSignal,
): AsyncGenerator<FollowedRequests> {
  const engine = await loadSqlite()
  const damaged: DamagedPartition[] = []
  const unreported = () => {
    const found = damaged.slice(reported)
    reported = damaged.length
    return found
  }
  let reported = 0
  let places = presentPlaces(engine, options, damaged)
  const { requests } = await listRequests({ ...options, limit })
  yield { requests: requests.reverse(), damaged: unreported() }
  while (!signal.aborted) {
    const found = newRequests(engine, options, { places, damaged })
    places = found.places
    yield { requests: found.requests, damaged: unreported() }
    await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => {})
  }
}
