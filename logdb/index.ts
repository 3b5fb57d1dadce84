/** The log database as a library. Functions return what they found and throw UserError; they print nothing. */
export { UserError } from '../kit/user-error.ts'
export { findDialog, findRequest } from './conversation/find-requests.ts'
export { requestTurns, responseTurns, type Turn } from './conversation/turns.ts'
export type { DayRange, Granularity, Period } from './days.ts'
export type { IngestOptions, Progress } from './ingest/passes.ts'
export type { IngestReport, QuarantinedRecord } from './ingest/report.ts'
export { ingest } from './ingest/run.ts'
export type { Part } from './record/message-parts.ts'
export { type LogdbSettings, readSettings } from './settings.ts'
export type { Retention } from './store/control/retention.ts'
export type { ChangeOptions } from './store/folder/lease.ts'
export { findPartitions, type PartitionFile, partitionPath } from './store/folder/partition-files.ts'
export type { Selection } from './store/partition/erase.ts'
export type { RequestDetails } from './store/partition/requests.ts'
export type { Percentiles, TallyFigures } from './store/rollups/tally.ts'
export type { ListPlace } from './store/search/partition-list.ts'
export type { Bounds, RequestConditions } from './store/search/request-filter.ts'
export type { Term } from './store/search/term.ts'
export type { DamagedPartition } from './store/sqlite/damage.ts'
export type { IndexCounts } from './store/text-index/text-index.ts'
export type { QueryResult } from './store/union/union.ts'
export {
  assignDialogs,
  clearAssignedDialogs,
  type DialogCount,
  type DialogsOptions,
  type Grouping,
} from './verbs/dialogs/assign.ts'
export { type ForgetOptions, type ForgetReport, forget } from './verbs/erasure/forget.ts'
export { type RetainCount, type RetainOptions, type RetainReport, retain } from './verbs/erasure/retain.ts'
export { buildTextIndexes, dropTextIndexes, type TextIndexOptions } from './verbs/fts/text-indexes.ts'
export { type InitOptions, type InitResult, init } from './verbs/init.ts'
export { type ListedRequest, type ListOptions, type ListResult, listRequests } from './verbs/list/list.ts'
export { type QueryOptions, type QueryReport, query } from './verbs/query.ts'
export { HIT_END, HIT_START } from './verbs/search/excerpt.ts'
export {
  openSearcher,
  type Searcher,
  type SearchHit,
  type SearchOptions,
  type SearchResult,
  search,
} from './verbs/search/search.ts'
export { parseQuery, parseRawQuery, type TextQuery } from './verbs/search/text-query.ts'
export type { StatsGrouping } from './verbs/stats/counting.ts'
export { type GroupStats, type Stats, type StatsOptions, stats } from './verbs/stats/stats.ts'
