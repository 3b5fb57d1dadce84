import { spawnSync } from 'node:child_process'
import { test } from 'vitest'
import { loadSqlite } from '../../../logdb/store/sqlite/open.ts'

const IS_CI = process.env['CI'] === 'true'

type Body = () => void | Promise<void>

/** A test that is skipped by name where something is missing; with CI=true that is a failure. */
export function needing(what: string, isPresent: boolean) {
  return (title: string, body: Body, timeoutMs?: number): void => {
    if (isPresent) test(title, body, timeoutMs)
    else if (IS_CI) {
      test(title, () => {
        throw new Error(`${what} is missing`)
      })
    } else test.skip(`${title} (${what} is missing)`, body)
  }
}

const runs = (command: string, args: string[]) => spawnSync(command, args).status === 0

export const hasSqlite = await loadSqlite().then(
  () => true,
  () => false,
)

export const sqliteTest = needing('better-sqlite3', hasSqlite)
export const sqliteShellTest = needing('better-sqlite3 or sqlite3', hasSqlite && runs('sqlite3', ['-version']))
export const pythonTest = needing('python3', runs('python3', ['-c', 'import json']))
