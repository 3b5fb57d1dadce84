import { controlPath } from '../control/open-control.ts'
import { listFiles } from '../folder/partition-files.ts'
import type { SqliteEngine } from '../sqlite/engine.ts'
import { isOfPredecessor } from './predecessor-database.ts'

/** What a database of the predecessor is called while its rows are taken over, and afterwards. */
export const CONVERTING = '.converting'
export const CONVERTED = '.predecessor'
export const IS_CONVERTING = /\.converting(\.\d+)?$/
export const IS_CONVERTED = /\.predecessor(\.\d+)?$/
const DATABASE = /\.sqlite3(\.(converting|predecessor)(\.\d+)?)?$/

/** The predecessor's databases with requests below the folder of a log database, also those that were taken over. By path. */
export function findOldDatabases(engine: SqliteEngine, base: string): string[] {
  return listFiles(base)
    .filter((path) => DATABASE.test(path) && path !== controlPath(base) && isOfPredecessor(engine, path))
    .sort()
}
