import type { ServerIdentity } from '../folder/server-id.ts'
import { closeCheckpointed } from '../sqlite/compact.ts'
import type { DamagedPartition } from '../sqlite/damage.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { FinishedFiles } from './known-files.ts'
import { openWritableControl } from './open-control.ts'
import { lostPartitions, noteIfLost, notePartition, notePartitions } from './partitions.ts'
import { type Retention, retentionIn } from './retention.ts'
import { registerServer } from './servers.ts'
import { Sources } from './sources.ts'
import { type LeftOut, logsLeftOut } from './stretches.ts'

/**
 * control.sqlite3, open for writing. What is written is seen at once and lasts from `commit` on, which must come after
 * the commit of the partitions.
 */
export class Control {
  readonly sources: Sources
  readonly finishedFiles: FinishedFiles
  readonly #db: Connection
  readonly #base: string
  readonly #noted = new Set<string>()

  /** @throws UserError */
  constructor(engine: SqliteEngine, base: string) {
    this.#db = openWritableControl(engine, base)
    this.#base = base
    this.sources = new Sources(this.#db)
    this.finishedFiles = new FinishedFiles(this.#db)
  }

  registerServer(server: ServerIdentity): void {
    registerServer(this.#db, server)
  }

  retention(): Retention {
    return retentionIn(this.#db)
  }

  /** Notes that a partition has rows. */
  notePartition(path: string): void {
    if (this.#noted.has(path)) return
    notePartition(this.#db, this.#base, path)
    this.#noted.add(path)
  }

  /** Notes the partitions that other verbs, or an earlier version, made. */
  notePartitions(isPartition: (path: string) => boolean): void {
    notePartitions(this.#db, this.#base, isPartition)
  }

  /** Notes that rows are missing if a partition is lost; to be called before it is made. */
  noteIfLost(path: string): void {
    noteIfLost(this.#db, this.#base, path)
  }

  /** Partitions with rows that are gone or empty. */
  lostPartitions(): DamagedPartition[] {
    return lostPartitions(this.#db, this.#base)
  }

  /** Logs with bytes that were left for a later run. */
  logsLeftOut(): LeftOut[] {
    return logsLeftOut(this.#db)
  }

  /** @throws UserError */
  commit(): void {
    if (this.#db.isInTransaction) this.#db.exec('COMMIT')
  }

  /** What is not committed is lost. @throws UserError */
  close(): void {
    closeCheckpointed(this.#db)
  }
}
