/** The log database as a library. Functions return what they found and throw UserError; they print nothing. */
export { UserError } from '../kit/user-error.ts'
export { type IngestOptions, ingest } from './ingest/ingest.ts'
export type { IngestReport, QuarantinedRecord } from './ingest/report.ts'
export { type InitOptions, type InitResult, init } from './init.ts'
export { findPartitions, type PartitionFile, partitionPath } from './partitions.ts'
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
export type { DayRange } from './store/control.ts'
export { buildTextIndexes, dropTextIndexes, type TextIndexOptions } from './text-index.ts'
