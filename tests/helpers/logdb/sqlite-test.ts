import { loadSqlite } from '../../../logdb/store/sqlite/open.ts'
import { needing, testWith } from '../needs.ts'
import { findProgram } from '../process/programs.ts'

export const hasSqlite = await loadSqlite().then(
  () => true,
  () => false,
)

export const sqliteTest = needing('better-sqlite3', hasSqlite)
export const sqliteShellTest = needing('better-sqlite3 or sqlite3', hasSqlite && findProgram('sqlite3') !== null)
export const pythonTest = testWith('python3')
