import { controlPath } from '../control/open-control.ts'
import { listFiles } from '../folder/partition-files.ts'
import { type DamagedPartition, unlessDamaged } from '../sqlite/damage.ts'
import type { SqliteEngine } from '../sqlite/engine.ts'
import { isOfPredecessor } from './predecessor-database.ts'

/** What a database of the predecessor is called while its rows are taken over, and afterwards. */
export const CONVERTING = '.converting'
export const CONVERTED = '.predecessor'
export const IS_CONVERTING = /\.converting(\.\d+)?$/
export const IS_CONVERTED = /\.predecessor(\.\d+)?$/
const DATABASE = /\.sqlite3(\.(converting|predecessor)(\.\d+)?)?$/

/**
 * The predecessor's databases with requests below the folder of a log database, also those that were taken over. By path.
 * @param damaged gets those that cannot be read; without it they are an error
 */
export function findOldDatabases(engine: SqliteEngine, base: string, damaged?: DamagedPartition[]): string[] {
  const isOld = (path: string) => isOfPredecessor(engine, path)
  return listFiles(base)
    .filter((path) => DATABASE.test(path) && path !== controlPath(base))
    .filter((path) => (damaged ? unlessDamaged(damaged, path, () => isOld(path)) : isOld(path)))
    .sort()
}
