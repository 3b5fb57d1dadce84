import type Sqlite from 'better-sqlite3'
import type { PredecessorRow } from '../record/predecessor-row.ts'
import type { ServerIdentity } from '../server-id.ts'
import { type Connection, explainingErrors, type SqliteEngine } from './sqlite.ts'

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
  return withReadonly(engine, path, (db) => {
    if (db.pragma('application_id', { simple: true }) !== 0) return false
    const isTable = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'requests'").get()
    const columns = db.prepare<[], string>("SELECT name FROM pragma_table_info('requests')").pluck().all()
    return isTable !== undefined && columns.join() === COLUMNS.join()
  })
}

/** A database of the predecessor, open for reading. */
export class PredecessorDatabase {
  readonly #path: string
  readonly #db: Connection

  constructor(engine: SqliteEngine, path: string) {
    this.#path = path
    this.#db = explainingErrors(path, () => engine.openReadonly(path))
  }

  close(): void {
    this.#db.close()
  }

  /** Who wrote its rows; of those that it does not describe only the id is known. */
  servers(): ServerIdentity[] {
    return this.#all<ServerIdentity>(SERVERS)
  }

  count(): number {
    return this.#all<{ count: number }>('SELECT count(*) AS count FROM requests')[0]?.count ?? 0
  }

  /** In the order of time. */
  *rowsOf(serverId: string): Generator<PredecessorRow> {
    yield* this.#db.prepare<[string], PredecessorRow>(ROWS).iterate(serverId)
  }

  #all<Row>(sql: string): Row[] {
    return explainingErrors(this.#path, () => (this.#db.prepare(sql) as Sqlite.Statement<[], Row>).all())
  }
}

const SERVERS = `
  SELECT ids.server_id AS serverId, COALESCE(hostname, '') AS hostname, COALESCE(env, '') AS env, first_seen_ts AS firstSeenTs
  FROM (SELECT DISTINCT server_id FROM requests) ids LEFT JOIN servers USING (server_id) ORDER BY 1`
/** Its tables take any value in any column. */
const ROWS = `
  SELECT CAST(request_id AS TEXT) AS requestId, CAST(ts AS INTEGER) AS ts, CAST(endpoint AS TEXT) AS endpoint,
    CAST(model_original AS TEXT) AS modelOriginal, CAST(model_mapped AS TEXT) AS modelMapped,
    CAST(status_code AS INTEGER) AS statusCode, CAST(latency_ms AS REAL) AS latencyMs,
    CAST(api_key_hash AS TEXT) AS apiKeyHash, CAST(request_json AS TEXT) AS requestJson,
    CAST(response_json AS TEXT) AS responseJson, CAST(dialog_id AS TEXT) AS dialogId
  FROM requests WHERE server_id = ? ORDER BY ts, request_id`

/** Leaves a database without a WAL, so that it may be renamed. @throws UserError DATABASE_BUSY while somebody uses it */
export function foldWal(engine: SqliteEngine, path: string): void {
  explainingErrors(path, () => {
    const db = engine.openAsIs(path)
    try {
      db.pragma('journal_mode = DELETE')
    } finally {
      db.close()
    }
  })
}

function withReadonly<T>(engine: SqliteEngine, path: string, work: (db: Connection) => T): T {
  return explainingErrors(path, () => {
    const db = engine.openReadonly(path)
    try {
      return work(db)
    } finally {
      db.close()
    }
  })
}
