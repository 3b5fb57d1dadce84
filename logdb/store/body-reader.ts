import type Sqlite from 'better-sqlite3'
import { type Connection, explainingErrors, type SqliteEngine } from './sqlite.ts'

/** Reads bodies of requests out of many partitions; each is opened when it is first needed and stays open. */
export class BodyReader {
  readonly #engine: SqliteEngine
  readonly #paths: readonly string[]
  readonly #open = new Map<string, { db: Connection; statement: Sqlite.Statement<[string], Record<string, string>> }>()

  constructor(engine: SqliteEngine, paths: readonly string[]) {
    this.#engine = engine
    this.#paths = paths
  }

  /** `part`: index of the partition. `name`: request_json or response_json. Null if the request is gone. */
  read(part: number, requestId: string, name: string): string | null {
    return this.#statement(this.#paths[part] ?? '', name).get(requestId)?.[name] ?? null
  }

  close(): void {
    for (const { db } of this.#open.values()) db.close()
    this.#open.clear()
  }

  #statement(path: string, name: string) {
    const key = `${name} ${path}`
    const known = this.#open.get(key)
    if (known) return known.statement
    const db = explainingErrors(path, () => this.#engine.openReadonly(path))
    const statement = db.prepare<[string], Record<string, string>>(`SELECT ${name} FROM requests WHERE request_id = ?`)
    this.#open.set(key, { db, statement })
    return statement
  }
}
