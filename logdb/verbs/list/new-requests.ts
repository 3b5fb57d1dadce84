import { findPartitions, type PartitionFile, partitionState } from '../../store/folder/partition-files.ts'
import { openPartition } from '../../store/partition/open-partition.ts'
import { isSealed } from '../../store/partition/seal.ts'
import { lastRow, requestsAfter } from '../../store/search/partition-list.ts'
import { type DamagedPartition, unlessDamaged } from '../../store/sqlite/damage.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { LastQuestions } from './last-question.ts'
import { filterFor, type ListedRequest, type ListOptions, listed } from './list.ts'

/** How far each partition has been read, by its path. */
export type Places = Readonly<Record<string, Place>>

interface Place {
  row: number
  /** Changes when something is written. */
  state: string
}

/** Which requests are read; at most `limit` of each partition, the last ones. */
export type NewRequestOptions = Omit<ListOptions, 'limit'> & { limit?: number }

/** What was found since the last time. */
export interface NewRequests {
  /** Those of earlier days first. */
  requests: ListedRequest[]
  places: Places
}

/** The places after everything that is stored now. @param damaged gets partitions that could not be read */
export function presentPlaces(engine: SqliteEngine, options: NewRequestOptions, damaged: DamagedPartition[]): Places {
  const places: Record<string, Place> = {}
  for (const { path } of findPartitions(options.out, options)) {
    const state = partitionState(path)
    unlessDamaged(damaged, path, () => {
      using db = openPartition(engine, path)
      if (db) places[path] = { row: lastRow(db), state }
    })
  }
  return places
}

/** The requests that were stored after these places. @param damaged gets partitions that could not be read */
export function newRequests(
  engine: SqliteEngine,
  options: NewRequestOptions,
  { places, damaged }: { places: Places; damaged: DamagedPartition[] },
): NewRequests {
  const reached: Record<string, Place> = { ...places }
  const requests = findPartitions(options.out, options)
    .reverse()
    .flatMap((file) => {
      const state = partitionState(file.path)
      if (state === reached[file.path]?.state) return []
      const read = () => readNew(engine, { file, options, place: reached[file.path] })
      const found = unlessDamaged(damaged, file.path, read)
      if (found) reached[file.path] = { row: found.row, state }
      return found?.requests ?? []
    })
  return { requests, places: reached }
}

/** Undefined for a database that is not a partition of this logdb. */
function readNew(
  engine: SqliteEngine,
  { file, options, place }: { file: PartitionFile; options: NewRequestOptions; place: Place | undefined },
): { requests: ListedRequest[]; row: number } | undefined {
  using db = openPartition(engine, file.path)
  if (!db) return undefined
  const row = lastRow(db)
  // A new file that is sealed was merged from partitions whose requests have been read.
  if (!place && isSealed(engine, file.path)) return { requests: [], row }
  const found = requestsAfter(db, filterFor(file, options), { row: place?.row ?? 0, limit: options.limit })
  const questions = new LastQuestions(db)
  return { requests: found.map((summary) => listed(summary, questions.of(summary))), row }
}
