/** A prepared statement. `Row` is what each row comes as: an object, a single value or a tuple. */
export interface Statement<Parameters extends unknown[] = [], Row = unknown> {
  run(...parameters: Parameters): RunResult
  get(...parameters: Parameters): Row | undefined
  all(...parameters: Parameters): Row[]
  /** Until the last row has been read, or the loop over it has ended, its connection can do nothing else. */
  iterate(...parameters: Parameters): IterableIterator<Row>
}

export interface RunResult {
  changes: number
  lastInsertRowid: number | bigint
}

/** A statement that a user typed. */
export interface TypedStatement {
  /** True if it gives rows and changes nothing. */
  isQuery: boolean
  columns: string[]
  /** Whole numbers come as bigint. */
  rows(): Iterable<unknown[]>
}

/** A function of SQL that makes one value of those of many rows. */
export interface Aggregate<State> {
  start(): State
  step(state: State, value: never): void
  result(state: State): string | number | Buffer | null
}

/**
 * An open database. What SQLite reports and a user can do something about is thrown as a UserError that names the file;
 * everything else is thrown as it is.
 */
export interface Connection extends Disposable {
  readonly path: string
  readonly isInTransaction: boolean
  /** Rows come as objects, by the names of their columns. */
  prepare<Parameters extends unknown[] = [], Row = unknown>(sql: string): Statement<Parameters, Row>
  /** Each row comes as the value of its first column. */
  prepareValue<Parameters extends unknown[] = [], Value = unknown>(sql: string): Statement<Parameters, Value>
  /** Each row comes as an array of its columns. */
  prepareTuple<Parameters extends unknown[] = [], Row extends unknown[] = unknown[]>(
    sql: string,
  ): Statement<Parameters, Row>
  /** @throws RangeError unless the text is exactly one statement */
  prepareTyped(sql: string): TypedStatement
  /** Runs any number of statements. */
  exec(sql: string): void
  /** The first value that a pragma gives. */
  pragma(source: string): unknown
  /** Makes a deterministic function available in SQL. */
  defineFunction(name: string, run: (...values: never[]) => string | number | Buffer | null): void
  /** The same for an aggregate function of one column. */
  defineAggregate<State>(name: string, aggregate: Aggregate<State>): void
  /** Runs `work` in one transaction that has the write lock from its start. */
  inTransaction<T>(work: () => T): T
  /**
   * The same, and `work` may write to sqlite_master, the texts of the schema, which SQLite then reads again. What does not
   * fit together damages the database.
   */
  changeSchema(work: () => void): void
  /** Runs `work` in one transaction that reads a single state of the database. */
  inSnapshot<T>(work: () => T): T
  /** What is not committed is lost. */
  close(): void
}

/** SQLite. It is loaded only when a verb needs it: everything else works without better-sqlite3. */
export interface SqliteEngine {
  /** Opens a database for writing and creates it if it does not exist. @throws UserError */
  openWritable(path: string): Connection
  /**
   * Opens an existing database.
   * @param nameInErrors what messages call it, if not by its path
   * @throws UserError
   */
  openReadonly(path: string, nameInErrors?: string): Connection
  /** Opens a database in whatever mode it is; fails at once if it is locked. @throws UserError */
  openAsIs(path: string): Connection
}
