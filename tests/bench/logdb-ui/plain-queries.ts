import Sqlite from 'better-sqlite3'
import { timesWithin } from '../../../logdb/days.ts'
import { findPartitions, type PartitionFile } from '../../../logdb/store/folder/partition-files.ts'
import { readRollups } from '../../../logdb/store/rollups/rollups.ts'
import { LatestRequests } from '../../../logdb/store/search/latest-requests.ts'
import { findParameters, findSql } from '../../../logdb/store/search/search-sql.ts'
import type { Connection } from '../../../logdb/store/sqlite/engine.ts'
import { listQuestion } from '../../../logdb/ui/server/api/list-question.ts'
import { filterFor } from '../../../logdb/verbs/list/list.ts'
import { parseQuery } from '../../../logdb/verbs/search/text-query.ts'

const ROWS = 101
const HITS = 31

/**
 * The statements of the pages in better-sqlite3 alone: all partitions are open, nothing is sent or shown, and the partitions
 * are asked one after another until the page is full.
 */
export class PlainQueries {
  readonly #partitions: { file: PartitionFile; db: Sqlite.Database }[]

  constructor(out: string) {
    const files = findPartitions(out, {})
    this.#partitions = files.map((file) => ({ file, db: new Sqlite(file.path, { readonly: true }) }))
  }

  /** Returns the number of rows, as the others do. */
  list(query: Record<string, string>): number {
    const { limit: _, before: __, timeLimitMs: ___, ...question } = listQuestion({ ...query, limit: ROWS })
    const { since = '', to = '9999' } = question
    const latest = new LatestRequests(ROWS, undefined)
    let found = 0
    for (const { file, db } of this.#partitions) {
      if (found >= ROWS || file.lastDay < since.slice(0, 10) || file.firstDay > to.slice(0, 10)) continue
      found += latest.in(connectionOf(db), filterFor(file, question)).length
    }
    return found
  }

  search(text: string): number {
    const { terms } = parseQuery(text)
    let found = 0
    for (const { db } of this.#partitions) {
      if (found >= HITS) break
      const query = { terms, limit: HITS }
      found += db.prepare(findSql({}, { terms })).all(findParameters(query, terms)).length
    }
    return found
  }

  request(id: string): number {
    for (const { db } of this.#partitions) {
      const row = db.prepare('SELECT * FROM request_details WHERE request_id = ?').get(id)
      if (row) return 1
    }
    return 0
  }

  overview(): number {
    let rows = 0
    for (const { file, db } of this.#partitions) {
      const { sinceS, toS } = timesWithin(file, { since: '0001-01-01', to: '9999-12-31' }) ?? { sinceS: 0, toS: 1e11 }
      const hours = [Math.floor(sinceS / 3600), Math.floor(toS / 3600)] as const
      for (const _ of readRollups(connectionOf(db), ['all', 'model', 'key', 'provider'], hours)) rows++
    }
    return rows
  }

  close(): void {
    for (const { db } of this.#partitions) db.close()
  }
}

/** What the statements of the store need of a connection. */
function connectionOf(db: Sqlite.Database): Connection {
  const prepareValue = (sql: string) => db.prepare(sql).pluck()
  return { prepare: (sql: string) => db.prepare(sql), prepareValue } as unknown as Connection
}
