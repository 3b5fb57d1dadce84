import { hasErrorCode, UserError } from '../../../kit/user-error.ts'
import { LAST_DAY, lastSecondOf, type TimeRange } from '../../days.ts'
import type { PredecessorRow } from '../../record/predecessor-row.ts'
import type { ServerIdentity } from '../folder/server-id.ts'
import type { Selection } from '../partition/erase.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'

const COLUMNS = [
  'request_id',
  'server_id',
  'ts',
  'endpoint',
  'model_original',
  'model_mapped',
  'status_code',
  'latency_ms',
  'api_key_hash',
  'request_json',
  'response_json',
  'dialog_id',
]

/** True for a database with the predecessor's tables. Of its databases only control.sqlite3 may be without requests. */
export function isOfPredecessor(engine: SqliteEngine, path: string): boolean {
  try {
    using db = engine.openReadonly(path)
    return hasItsTables(db)
  } catch (error) {
    if (error instanceof UserError && hasErrorCode(error.cause, 'SQLITE_NOTADB')) return false
    throw error
  }
}

function hasItsTables(db: Connection): boolean {
  if (db.pragma('application_id') !== 0) return false
  const isTable = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'requests'").get()
  const columns = db.prepareValue<[], string>("SELECT name FROM pragma_table_info('requests')").all()
  return isTable !== undefined && columns.join() === COLUMNS.join()
}

/** A database of the predecessor, open for reading. */
export class PredecessorDatabase {
  readonly #db: Connection

  /** @throws UserError */
  constructor(engine: SqliteEngine, path: string) {
    this.#db = engine.openReadonly(path)
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }

  /** Who wrote its rows; of a server that it does not describe only the id is known. */
  servers(): ServerIdentity[] {
    return this.#db.prepare<[], ServerIdentity>(SERVERS).all()
  }

  count(): number {
    return Number(this.#db.prepareValue('SELECT count(*) FROM requests').get())
  }

  /** The first row, by its rowid, that has no id, endpoint or day, or a figure that JSON does not have. */
  firstImpossible(): number | undefined {
    return this.#db.prepareValue<[], number>(IMPOSSIBLE).get()
  }

  hasSelected(selection: Selection): boolean {
    const { sql, value } = conditionOf(selection)
    return this.#db.prepare<[string]>(`SELECT 1 FROM requests WHERE ${sql} LIMIT 1`).get(value) !== undefined
  }

  /** True if it holds requests before a time in seconds since 1970. */
  hasBefore(ts: number): boolean {
    return this.#db.prepare<[number]>('SELECT 1 FROM requests WHERE ts < ? LIMIT 1').get(ts) !== undefined
  }

  /** True if it holds requests of these times. */
  hasWithin({ sinceS, toS }: TimeRange): boolean {
    const sql = 'SELECT 1 FROM requests WHERE ts BETWEEN ? AND ? LIMIT 1'
    return this.#db.prepare<[number, number]>(sql).get(sinceS, toS) !== undefined
  }

  /** In the order of time. */
  rowsOf(serverId: string): IterableIterator<PredecessorRow> {
    return this.#db.prepare<[string], PredecessorRow>(ROWS).iterate(serverId)
  }
}

function conditionOf(selection: Selection): { sql: string; value: string } {
  if ('requestId' in selection) return { sql: 'request_id = ?', value: selection.requestId }
  if ('key' in selection) return { sql: 'api_key_hash = ?', value: selection.key }
  return { sql: 'dialog_id = ?', value: selection.dialogId }
}

const SERVERS = `
  SELECT ids.server_id AS serverId, COALESCE(hostname, '') AS hostname, COALESCE(env, '') AS env, first_seen_ts AS firstSeenTs
  FROM (SELECT DISTINCT server_id FROM requests) ids LEFT JOIN servers USING (server_id) ORDER BY 1`
/** The last second that a day YYYY-MM-DD has; whole numbers that JavaScript has; and no infinite latency. */
const LAST_TS = lastSecondOf(LAST_DAY)
const IMPOSSIBLE = `
  SELECT rowid FROM requests
  WHERE request_id IS NULL OR endpoint = '' OR CAST(ts AS INTEGER) NOT BETWEEN 0 AND ${LAST_TS}
    OR abs(CAST(status_code AS REAL)) > ${Number.MAX_SAFE_INTEGER} OR abs(CAST(latency_ms AS REAL)) = 9e999 LIMIT 1`
/** Its tables take any value in any column. */
const ROWS = `
  SELECT CAST(request_id AS TEXT) AS requestId, CAST(ts AS INTEGER) AS ts, CAST(endpoint AS TEXT) AS endpoint,
    CAST(model_original AS TEXT) AS modelOriginal, CAST(model_mapped AS TEXT) AS modelMapped,
    CAST(status_code AS INTEGER) AS statusCode, CAST(latency_ms AS REAL) AS latencyMs,
    CAST(api_key_hash AS TEXT) AS apiKeyHash, CAST(request_json AS TEXT) AS requestJson,
    CAST(response_json AS TEXT) AS responseJson, CAST(dialog_id AS TEXT) AS dialogId
  FROM requests WHERE server_id = ? ORDER BY ts, request_id`

/** Leaves a database without a WAL, so that it may be renamed. @throws UserError DATABASE_BUSY while a process uses it */
export function foldWal(engine: SqliteEngine, path: string): void {
  const db = engine.openAsIs(path)
  try {
    db.pragma('journal_mode = DELETE')
  } finally {
    db.close()
  }
}
