import type Sqlite from 'better-sqlite3'
import { LastUsed } from '../sqlite/last-used.ts'
import { type Connection, explainingErrors, type SqliteEngine } from '../sqlite/open.ts'

/** Each takes up to three files, of which a process may often have 1,024. */
const MAX_OPEN = 64

/** Reads bodies of requests out of many partitions; the last used ones stay open. */
export class BodyReader {
  readonly #engine: SqliteEngine
  readonly #paths: readonly string[]
  readonly #open = new LastUsed<OpenPartition>(MAX_OPEN)

  constructor(engine: SqliteEngine, paths: readonly string[]) {
    this.#engine = engine
    this.#paths = paths
  }

  /** `part`: index of the partition. `name`: request_json or response_json. Null if the request is gone. */
  read(part: number, requestId: string, name: string): string | null {
    const path = this.#paths[part] ?? ''
    return this.#open.get(path, () => new OpenPartition(this.#engine, path)).read(requestId, name)
  }

  close(): void {
    this.#open.close()
  }
}

class OpenPartition {
  readonly #db: Connection
  readonly #statements = new Map<string, Sqlite.Statement<[string], string>>()

  constructor(engine: SqliteEngine, path: string) {
    this.#db = explainingErrors(path, () => engine.openReadonly(path))
  }

  read(requestId: string, name: string): string | null {
    const sql = `SELECT ${name} FROM requests WHERE request_id = ?`
    const statement = this.#statements.get(name) ?? this.#db.prepare<[string], string>(sql).pluck()
    this.#statements.set(name, statement)
    return statement.get(requestId) ?? null
  }

  close(): void {
    this.#db.close()
  }
}
