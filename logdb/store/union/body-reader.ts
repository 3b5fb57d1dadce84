import type { Connection, SqliteEngine, Statement } from '../sqlite/engine.ts'
import { LastUsed } from '../sqlite/last-used.ts'

/** Each takes up to three files; many systems allow 1,024 a process. */
const MAX_OPEN = 64

/** Reads bodies of requests from many partitions; the last used ones stay open. */
export class BodyReader {
  readonly #engine: SqliteEngine
  readonly #paths: readonly string[]
  readonly #open = new LastUsed<OpenPartition>(MAX_OPEN)

  constructor(engine: SqliteEngine, paths: readonly string[]) {
    this.#engine = engine
    this.#paths = paths
  }

  /**
   * @param part index of the partition
   * @param name request_json or response_json
   * @returns null if the request was removed
   */
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
  readonly #statements = new Map<string, Statement<[string], string>>()

  constructor(engine: SqliteEngine, path: string) {
    this.#db = engine.openReadonly(path)
  }

  read(requestId: string, name: string): string | null {
    const sql = `SELECT ${name} FROM requests WHERE request_id = ?`
    const statement = this.#statements.get(name) ?? this.#db.prepareValue<[string], string>(sql)
    this.#statements.set(name, statement)
    return statement.get(requestId) ?? null
  }

  close(): void {
    this.#db.close()
  }
}
