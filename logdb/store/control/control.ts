import { createHash } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../../kit/user-error.ts'
import { LAST_DAY } from '../folder/partition-files.ts'
import type { ServerIdentity } from '../folder/server-id.ts'
import { openMigrated } from '../sqlite/migrate.ts'
import { type Connection, closeCheckpointed, EXIT_IN_USE, explainingErrors, type SqliteEngine } from '../sqlite/open.ts'
import { CONTROL_SCHEMA } from './control-schema.ts'
import type { Retention } from './retention.ts'

/** How many of the first bytes of a source identify it. */
export const HEAD_BYTES = 1024
/** No record is shorter, and its time stamp is in them. */
const KEY_BYTES = 128

/** Bytes of a source by what became of them. */
export interface ByteLedger {
  ingested: number
  duplicate: number
  ignored: number
  filtered: number
  quarantined: number
}

export interface Source {
  id: number
  /** Names the source in every partition. */
  key: string
  path: string
  offset: number
  headBytes: number
  tailBytes: number
  tailSha256: Buffer
  /** Bytes that waited for the end of their record when it was last read. */
  pending: number
  mtimeS: number
}

/** A stretch of a source that was outside the dates asked for. */
export interface Gap {
  start: number
  end: number
  firstDay: string
  lastDay: string
}

/** A stretch that could not be read as a record. */
export interface Quarantined {
  offset: number
  length: number
  sha256: string
  reason: string
  /** How it begins. */
  head: string
}

/** What a stretch of a source came to. */
export interface Progress {
  /** Where it started; the stored position must still be there. */
  from: number
  to: number
  ledger: ByteLedger
  gaps: Gap[]
  quarantined: Quarantined[]
}

/** Days YYYY-MM-DD, both included; an absent one sets no limit. */
export interface DayRange {
  since?: string | undefined
  to?: string | undefined
}

/**
 * control.sqlite3, open for writing. What is written is seen at once and lasts from `commit` on, which must come after
 * the commit of the partitions.
 */
export class Control {
  readonly #db: Connection
  readonly #path: string
  readonly #sql

  /** @throws UserError */
  constructor(engine: SqliteEngine, base: string) {
    this.#path = controlPath(base)
    mkdirSync(base, { recursive: true })
    this.#db = explainingErrors(this.#path, () => openMigrated(engine, this.#path, CONTROL_SCHEMA))
    this.#sql = prepare(this.#db)
  }

  commit(): void {
    if (this.#db.inTransaction) explainingErrors(this.#path, () => this.#db.exec('COMMIT'))
  }

  /** What is not committed is lost. */
  close(): void {
    explainingErrors(this.#path, () => closeCheckpointed(this.#db))
  }

  registerServer({ serverId, hostname, env }: ServerIdentity): void {
    if (this.#sql.findServer.get(serverId)) return
    this.#write(() => this.#sql.insertServer.run(serverId, hostname, env, nowS()))
  }

  /** From which days on records, and what is said in them, are kept. */
  retention(): Retention {
    const days = this.#sql.retention.all().map(({ kind, day }) => [kind, day])
    return { metadata: '', bodies: '', ...Object.fromEntries(days) }
  }

  /** Sources that begin with these bytes, the one read furthest first. */
  candidates(head: Buffer): Source[] {
    const sizes = this.#sql.headSizes.all(head.length)
    const rows = sizes.flatMap((size) => this.#sql.byHead.all(size, sha256(head.subarray(0, size))))
    return rows.sort((a, b) => b.offset - a.offset)
  }

  /** How far the file that was last seen at this path has been read, in decompressed bytes; 0 for an unknown one. */
  readTo(path: string): number {
    return this.#sql.readTo.get(path) ?? 0
  }

  addSource(path: string, head: Buffer): Source {
    const key = this.#freeKey(sha256(head.subarray(0, KEY_BYTES)).toString('hex', 0, 16))
    const none = sha256(Buffer.alloc(0))
    const now = nowS()
    const insert = () => this.#sql.insertSource.run(key, path, head.length, sha256(head), none, now, now)
    const id = Number(this.#write(insert).lastInsertRowid)
    const headBytes = head.length
    return { id, key, path, offset: 0, headBytes, tailBytes: 0, tailSha256: none, pending: 0, mtimeS: 0 }
  }

  /** A killed run may have left rows under the key and not the source: it must get the same one again. */
  #freeKey(key: string): string {
    let free = key
    for (let number = 2; this.#sql.findKey.get(free); number++) free = `${key}-${number}`
    return free
  }

  /** Gaps that hold records of these days. */
  gaps(sourceId: number, days: DayRange): Gap[] {
    return this.#sql.gaps.all(sourceId, days.to ?? LAST_DAY, days.since ?? '')
  }

  /** Moves the position of a source over a stretch. `tail`: last bytes before it. */
  advance(sourceId: number, progress: Progress, tail: Buffer): void {
    this.#write(() => {
      const { to, from } = progress
      const moved = this.#sql.advance.run(to, tail.length, sha256(tail), nowS(), sourceId, from)
      if (moved.changes !== 1) throw inUse(this.#path)
      this.#record(sourceId, progress)
    })
  }

  /** The same for a stretch that is the start of a gap; what is left of the gap stays one. */
  shrinkGap(sourceId: number, gap: Gap, progress: Progress): void {
    this.#write(() => {
      const removed = this.#sql.deleteGap.run(sourceId, gap.start, gap.end)
      if (removed.changes !== 1) throw inUse(this.#path)
      const rest = progress.to < gap.end ? [{ ...gap, start: progress.to }] : []
      const filtered = progress.ledger.filtered - (progress.to - progress.from)
      const ledger = { ...progress.ledger, filtered }
      this.#record(sourceId, { ...progress, ledger, gaps: [...progress.gaps, ...rest] })
    })
  }

  /** Notes where a source is now, how it begins, and how much of it waits for its end. */
  describe(
    source: Source,
    { path, head, pending, mtimeS }: { path: string; head: Buffer; pending: number; mtimeS: number },
  ): void {
    const isSame = source.path === path && source.headBytes === head.length && source.mtimeS === mtimeS
    if (isSame && source.pending === pending) return
    this.#write(() => this.#sql.describe.run(path, head.length, sha256(head), pending, mtimeS, nowS(), source.id))
  }

  /** The source of a compressed file that has not changed since it was read to its end. */
  finishedSource(path: string, stamp: string): number | undefined {
    return this.#sql.finishedSource.get(path, stamp)
  }

  markFinished(path: string, stamp: string, sourceId: number): void {
    this.#write(() => this.#sql.markFinished.run(path, stamp, sourceId))
  }

  #record(sourceId: number, { ledger, gaps, quarantined }: Progress): void {
    const { ingested, duplicate, ignored, filtered } = ledger
    this.#sql.addToLedger.run(ingested, duplicate, ignored, filtered, ledger.quarantined, sourceId)
    for (const { start, end, firstDay, lastDay } of gaps)
      this.#sql.insertGap.run(sourceId, start, end, firstDay, lastDay)
    for (const { offset, length, sha256: digest, reason, head } of quarantined)
      this.#sql.insertError.run(sourceId, offset, length, digest, reason, head, nowS())
  }

  #write<T>(work: () => T): T {
    return explainingErrors(this.#path, () => {
      if (!this.#db.inTransaction) this.#db.exec('BEGIN IMMEDIATE')
      return work()
    })
  }
}

/** Opens control.sqlite3 for writing, creating it if there is none, for as long as `work` runs. @throws UserError */
export function withControl<T>(engine: SqliteEngine, base: string, work: (db: Connection) => T): T {
  const path = controlPath(base)
  return explainingErrors(path, () => {
    const db = openMigrated(engine, path, CONTROL_SCHEMA)
    try {
      return work(db)
    } finally {
      closeCheckpointed(db)
    }
  })
}

/** What is known of log files. */
export interface KnownFiles {
  sources: (Source & { headSha256: Buffer })[]
  /** Stamps of compressed files that were read to their end, by path. */
  finished: Map<string, string>
}

/** The source read furthest first. To be used on control.sqlite3. */
export function readKnownFiles(db: Connection): KnownFiles {
  const sources = db
    .prepare<[], KnownFiles['sources'][number]>(
      `SELECT ${SOURCE_COLUMNS}, head_sha256 AS headSha256 FROM sources ORDER BY offset DESC`,
    )
    .all()
  const finished = db.prepare<[], { path: string; stamp: string }>('SELECT path, stamp FROM finished_files').all()
  return { sources, finished: new Map(finished.map(({ path, stamp }) => [path, stamp])) }
}

export const controlPath = (base: string) => join(base, 'control.sqlite3')

/** Ids that an existing log database says its rows were written under. */
export function knownServerIds(engine: SqliteEngine, databases: string[]): string[] {
  const ids = new Set<string>()
  for (const path of databases.filter((candidate) => existsSync(candidate))) {
    for (const id of explainingErrors(path, () => serverIdsIn(engine, path))) ids.add(id)
  }
  return [...ids].sort()
}

function serverIdsIn(engine: SqliteEngine, path: string): string[] {
  const db = engine.openReadonly(path)
  try {
    const hasTable = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'servers'").get() !== undefined
    return hasTable ? db.prepare<[], string>('SELECT server_id FROM servers').pluck().all() : []
  } finally {
    db.close()
  }
}

function inUse(path: string): UserError {
  return new UserError('INGEST_RUNNING', `another logdb ingest is working on ${path}`, {
    hint: 'run the command again when it is done; nothing is lost',
    exitCode: EXIT_IN_USE,
  })
}

const nowS = () => Math.floor(Date.now() / 1000)

export const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest()

const SOURCE_COLUMNS = `id, source_key AS key, path, offset, head_bytes AS headBytes, tail_bytes AS tailBytes,
  tail_sha256 AS tailSha256, pending_bytes AS pending, mtime AS mtimeS`

function prepare(db: Connection) {
  return {
    findServer: db.prepare<[string]>('SELECT 1 FROM servers WHERE server_id = ?'),
    insertServer: db.prepare<[string, string, string, number]>(
      'INSERT INTO servers (server_id, hostname, env, first_seen_ts) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    retention: db.prepare<[], { kind: string; day: string }>('SELECT kind, kept_from AS day FROM retention'),
    headSizes: db.prepare<[number], number>('SELECT DISTINCT head_bytes FROM sources WHERE head_bytes <= ?').pluck(),
    byHead: db.prepare<[number, Buffer], Source>(
      `SELECT ${SOURCE_COLUMNS} FROM sources WHERE head_bytes = ? AND head_sha256 = ?`,
    ),
    readTo: db.prepare<[string], number>('SELECT offset FROM sources WHERE path = ? ORDER BY id DESC').pluck(),
    findKey: db.prepare<[string]>('SELECT 1 FROM sources WHERE source_key = ?'),
    insertSource: db.prepare<[string, string, number, Buffer, Buffer, number, number]>(`
      INSERT INTO sources (source_key, path, head_bytes, head_sha256, tail_sha256, mtime, first_seen_ts, last_scan_ts)
      VALUES (?, ?, ?, ?, ?, 0, ?, ?)`),
    gaps: db.prepare<[number, string, string], Gap>(`
      SELECT start_off AS start, end_off AS end, first_day AS firstDay, last_day AS lastDay FROM source_gaps
      WHERE source_id = ? AND first_day <= ? AND last_day >= ? ORDER BY start_off`),
    advance: db.prepare<[number, number, Buffer, number, number, number]>(`
      UPDATE sources SET offset = ?, tail_bytes = ?, tail_sha256 = ?, last_scan_ts = ? WHERE id = ? AND offset = ?`),
    addToLedger: db.prepare<[number, number, number, number, number, number]>(`
      UPDATE sources SET ingested_bytes = ingested_bytes + ?, duplicate_bytes = duplicate_bytes + ?,
        ignored_bytes = ignored_bytes + ?, filtered_bytes = filtered_bytes + ?,
        quarantined_bytes = quarantined_bytes + ? WHERE id = ?`),
    insertGap: db.prepare<[number, number, number, string, string]>(
      'INSERT INTO source_gaps (source_id, start_off, end_off, first_day, last_day) VALUES (?, ?, ?, ?, ?)',
    ),
    deleteGap: db.prepare<[number, number, number]>(
      'DELETE FROM source_gaps WHERE source_id = ? AND start_off = ? AND end_off = ?',
    ),
    insertError: db.prepare<[number, number, number, string, string, string, number]>(`
      INSERT INTO ingest_errors (source_id, offset, length, sha256, reason, head, seen_ts) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (source_id, offset) DO UPDATE SET
        length = excluded.length, sha256 = excluded.sha256, reason = excluded.reason, head = excluded.head`),
    describe: db.prepare<[string, number, Buffer, number, number, number, number]>(`
      UPDATE sources SET path = ?, head_bytes = ?, head_sha256 = ?, pending_bytes = ?, mtime = ?, last_scan_ts = ?
      WHERE id = ?`),
    finishedSource: db
      .prepare<[string, string], number>('SELECT source_id FROM finished_files WHERE path = ? AND stamp = ?')
      .pluck(),
    markFinished: db.prepare<[string, string, number]>(`
      INSERT INTO finished_files (path, stamp, source_id) VALUES (?, ?, ?)
      ON CONFLICT (path) DO UPDATE SET stamp = excluded.stamp, source_id = excluded.source_id`),
  }
}
