import { spawnSync } from 'node:child_process'
import { loadSqlite } from '../../../logdb/store/sqlite/open.ts'
import { needing } from '../needs.ts'

const runs = (command: string, args: string[]) => spawnSync(command, args).status === 0

export const hasSqlite = await loadSqlite().then(
  () => true,
  () => false,
)

export const sqliteTest = needing('better-sqlite3', hasSqlite)
export const sqliteShellTest = needing('better-sqlite3 or sqlite3', hasSqlite && runs('sqlite3', ['-version']))
export const pythonTest = needing('python3', runs('python3', ['-c', 'import json']))
