import type { Aggregate, Connection, RunResult, Statement, TypedStatement } from './engine.ts'
import { explainError } from './explain-error.ts'

/** What logdb needs of a statement of the driver. */
export interface SqliteStatement {
  /** While its rows are being read. */
  readonly busy: boolean
  readonly reader: boolean
  readonly readonly: boolean
  run(...parameters: unknown[]): RunResult
  get(...parameters: unknown[]): unknown
  all(...parameters: unknown[]): unknown[]
  iterate(...parameters: unknown[]): IterableIterator<unknown>
  /** From here on rows are single values, tuples, or have bigint for whole numbers. */
  pluck(): this
  raw(): this
  safeIntegers(): this
  columns(): { name: string }[]
}

/** What logdb needs of an open database of the driver. */
export interface SqliteDatabase {
  readonly inTransaction: boolean
  prepare(sql: string): SqliteStatement
  exec(sql: string): unknown
  pragma(source: string, options: { simple: true }): unknown
  function(name: string, options: { deterministic: true }, run: (...values: never[]) => unknown): unknown
  aggregate(name: string, options: Aggregate<never> & { deterministic: true }): unknown
  transaction<T>(work: () => T): { deferred(): T; immediate(): T }
  /** Lets statements write to tables that belong to SQLite. */
  unsafeMode(isOn: boolean): unknown
  close(): unknown
}

/** A database of the driver whose errors say what a user can do about them. */
export class ExplainingConnection implements Connection {
  readonly path: string
  readonly #database: SqliteDatabase
  readonly #name: string
  /** By their SQL and by what each row comes as. The driver keeps all that it ever made until the process ends. */
  readonly #prepared = new Map<string, SqliteStatement>()

  constructor(database: SqliteDatabase, path: string, nameInErrors = path) {
    this.path = path
    this.#database = database
    this.#name = nameInErrors
  }

  get isInTransaction(): boolean {
    return this.#database.inTransaction
  }

  prepare<Parameters extends unknown[] = [], Row = unknown>(sql: string): Statement<Parameters, Row> {
    return new ExplainingStatement<Parameters, Row>(this.#preparedFor('objects', sql), this.#name)
  }

  prepareValue<Parameters extends unknown[] = [], Value = unknown>(sql: string): Statement<Parameters, Value> {
    return new ExplainingStatement<Parameters, Value>(this.#preparedFor('values', sql).pluck(), this.#name)
  }

  prepareTuple<Parameters extends unknown[] = [], Row extends unknown[] = unknown[]>(
    sql: string,
  ): Statement<Parameters, Row> {
    return new ExplainingStatement<Parameters, Row>(this.#preparedFor('tuples', sql).raw(), this.#name)
  }

  prepareTyped(sql: string): TypedStatement {
    const statement = this.#prepare(sql)
    return {
      isQuery: statement.reader && statement.readonly,
      columns: statement.reader ? statement.columns().map(({ name }) => name) : [],
      rows: () => new ExplainingStatement<[], unknown[]>(statement.raw().safeIntegers(), this.#name).iterate(),
    }
  }

  exec(sql: string): void {
    this.#explaining(() => this.#database.exec(sql))
  }

  pragma(source: string): unknown {
    return this.#explaining(() => this.#database.pragma(source, { simple: true }))
  }

  defineFunction(name: string, run: (...values: never[]) => string | number | Buffer | null): void {
    this.#database.function(name, { deterministic: true }, run)
  }

  defineAggregate<State>(name: string, { start, step, result }: Aggregate<State>): void {
    this.#database.aggregate(name, { deterministic: true, start: start as () => never, step, result })
  }

  inTransaction<T>(work: () => T): T {
    return this.#explaining(() => this.#database.transaction(work).immediate())
  }

  changeSchema(work: () => void): void {
    this.#database.unsafeMode(true)
    this.pragma('writable_schema = ON')
    try {
      this.inTransaction(work)
    } finally {
      this.pragma('writable_schema = RESET')
      this.#database.unsafeMode(false)
    }
  }

  inSnapshot<T>(work: () => T): T {
    return this.#explaining(() => this.#database.transaction(work).deferred())
  }

  close(): void {
    this.#explaining(() => this.#database.close())
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** One whose rows are still being read is not used again. */
  #preparedFor(kind: 'objects' | 'values' | 'tuples', sql: string): SqliteStatement {
    const key = `${kind} ${sql}`
    const known = this.#prepared.get(key)
    if (known && !known.busy) return known
    const statement = this.#prepare(sql)
    this.#prepared.set(key, statement)
    return statement
  }

  #prepare(sql: string): SqliteStatement {
    return this.#explaining(() => this.#database.prepare(sql))
  }

  #explaining<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw explainError(this.#name, error)
    }
  }
}

/** Each method has its own try, because these calls are most of what an ingest does. */
class ExplainingStatement<Parameters extends unknown[], Row> implements Statement<Parameters, Row> {
  readonly #statement: SqliteStatement
  readonly #name: string

  constructor(statement: SqliteStatement, name: string) {
    this.#statement = statement
    this.#name = name
  }

  run(...parameters: Parameters): RunResult {
    try {
      return this.#statement.run(...parameters)
    } catch (error) {
      throw explainError(this.#name, error)
    }
  }

  get(...parameters: Parameters): Row | undefined {
    try {
      return this.#statement.get(...parameters) as Row | undefined
    } catch (error) {
      throw explainError(this.#name, error)
    }
  }

  all(...parameters: Parameters): Row[] {
    try {
      return this.#statement.all(...parameters) as Row[]
    } catch (error) {
      throw explainError(this.#name, error)
    }
  }

  *iterate(...parameters: Parameters): Generator<Row, void> {
    try {
      yield* this.#statement.iterate(...parameters) as IterableIterator<Row>
    } catch (error) {
      throw explainError(this.#name, error)
    }
  }
}
