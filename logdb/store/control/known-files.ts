import type { Connection } from '../sqlite/engine.ts'
import { beginIfNeeded } from './open-control.ts'
import { SOURCE_COLUMNS, type Source } from './sources.ts'

/** What is known of log files. */
export interface KnownFiles {
  sources: (Source & { headSha256: Buffer })[]
  /** Stamps of compressed files that were read to their end, by path. */
  finished: Map<string, string>
}

/** The source read furthest comes first. To be used on control.sqlite3. */
export function readKnownFiles(db: Connection): KnownFiles {
  const sources = db
    .prepare<[], KnownFiles['sources'][number]>(
      `SELECT ${SOURCE_COLUMNS}, head_sha256 AS headSha256 FROM sources ORDER BY offset DESC`,
    )
    .all()
  const finished = db.prepare<[], { path: string; stamp: string }>('SELECT path, stamp FROM finished_files').all()
  return { sources, finished: new Map(finished.map(({ path, stamp }) => [path, stamp])) }
}

/** Where the logs with these keys were when they were last read. To be used on control.sqlite3. */
export function pathsOfSources(db: Connection, keys: ReadonlySet<string>): string[] {
  const find = db.prepareValue<[string], string>('SELECT path FROM sources WHERE source_key = ?')
  return [...keys].flatMap((key) => find.get(key) ?? []).sort()
}

/** Compressed files that were read to their end. Writes go into the transaction that the next commit ends. */
export class FinishedFiles {
  readonly #db: Connection
  readonly #find
  readonly #mark

  constructor(db: Connection) {
    this.#db = db
    this.#find = db.prepareValue<[string, string], number>(
      'SELECT source_id FROM finished_files WHERE path = ? AND stamp = ?',
    )
    this.#mark = db.prepare<[string, string, number]>(`
      INSERT INTO finished_files (path, stamp, source_id) VALUES (?, ?, ?)
      ON CONFLICT (path) DO UPDATE SET stamp = excluded.stamp, source_id = excluded.source_id`)
  }

  /** Id of the source of a file that has not changed since it was read to its end. */
  sourceOf(path: string, stamp: string): number | undefined {
    return this.#find.get(path, stamp)
  }

  mark(path: string, stamp: string, sourceId: number): void {
    beginIfNeeded(this.#db)
    this.#mark.run(path, stamp, sourceId)
  }
}
