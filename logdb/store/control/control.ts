import type { ServerIdentity } from '../folder/server-id.ts'
import { closeCheckpointed } from '../sqlite/compact.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { FinishedFiles } from './known-files.ts'
import { openWritableControl } from './open-control.ts'
import { type Retention, retentionIn } from './retention.ts'
import { registerServer } from './servers.ts'
import { Sources } from './sources.ts'

/**
 * control.sqlite3, open for writing. What is written is seen at once and lasts from `commit` on, which must come after
 * the commit of the partitions.
 */
export class Control {
  readonly sources: Sources
  readonly finishedFiles: FinishedFiles
  readonly #db: Connection

  /** @throws UserError */
  constructor(engine: SqliteEngine, base: string) {
    this.#db = openWritableControl(engine, base)
    this.sources = new Sources(this.#db)
    this.finishedFiles = new FinishedFiles(this.#db)
  }

  registerServer(server: ServerIdentity): void {
    registerServer(this.#db, server)
  }

  retention(): Retention {
    return retentionIn(this.#db)
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
