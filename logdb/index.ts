/** The log database as a library. Functions return what they found and throw UserError; they print nothing. */
export { UserError } from '../kit/user-error.ts'
export { findDialog, findRequest } from './conversation/read.ts'
export { type Part, requestTurns, responseTurns, type Turn } from './conversation/turns.ts'
export {
  assignDialogs,
  clearAssignedDialogs,
  type DialogCount,
  type DialogsOptions,
  type Grouping,
} from './dialogs/assign.ts'
export { type ForgetOptions, type ForgetReport, forget } from './erasure/forget.ts'
export { type RetainCount, type RetainOptions, retain } from './erasure/retain.ts'
export { buildTextIndexes, dropTextIndexes, type TextIndexOptions } from './fts/text-index.ts'
export { type IngestOptions, ingest } from './ingest/ingest.ts'
export type { IngestReport, QuarantinedRecord } from './ingest/report.ts'
export { type InitOptions, type InitResult, init } from './init.ts'
export { findPartitions, type PartitionFile, partitionPath } from './partitions.ts'
export { type QueryOptions, query } from './query/query.ts'
export { HIT_END, HIT_START } from './search/excerpt.ts'
export { parseQuery, parseRawQuery, type TextQuery } from './search/query.ts'
export {
  openSearcher,
  type Searcher,
  type SearchHit,
  type SearchOptions,
  type SearchResult,
  search,
} from './search/search.ts'
export { type LogdbSettings, readSettings } from './settings.ts'
export { type GroupStats, type Stats, type StatsOptions, stats } from './stats/stats.ts'
export type { TallyFigures } from './stats/tally.ts'
export type { DayRange } from './store/control.ts'
export type { Selection } from './store/erase.ts'
export type { RequestDetails } from './store/requests.ts'
export type { QueryResult } from './store/union.ts'
