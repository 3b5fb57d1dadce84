import { existsSync, statSync } from 'node:fs'
import { UserError } from '../../../kit/user-error.ts'
import { nowWholeS } from '../../days.ts'
import { REMOVED_BODY } from '../../record/body.ts'
import type { ServerIdentity } from '../folder/server-id.ts'
import { openWritablePartition } from '../partition/open-partition.ts'
import { isSealed } from '../partition/seal.ts'
import { refreshRollups, staleHours } from '../rollups/rollups.ts'
import { closeCheckpointed } from '../sqlite/compact.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { indexNewMessages } from '../text-index/text-index.ts'
import { ConversationTree } from './conversation-tree.ts'
import { MessageStore } from './message-store.ts'
import { RequestStore, type Said } from './request-store.ts'
import { type NewRow, type RowGroup, rowsOf } from './row-group.ts'
import type { Session, Stores } from './session.ts'

/** What became of rows. Known are those that are stored already or were forgotten. */
export interface WrittenRows {
  inserted: number
  known: number
  /** Known ones that have their bodies again. */
  restored: number
  /** Bytes of the records that are stored from this very place, now or before a run was killed. */
  ingestedBytes: number
  /** Bytes of all others. */
  duplicateBytes: number
}

export interface SourcePosition {
  key: string
  path: string
  mtimeS: number
  /** How far the source has been read when the rows are committed. */
  endOffset: number
}

export interface PartitionOptions {
  server: ServerIdentity
  /** Keep the text index up to date with the rows. */
  isTextIndexed: boolean
}

/** A partition open for writing. */
export class Partition {
  readonly path: string
  /** True if it was sealed until it was opened. */
  readonly wasSealed: boolean
  protected readonly db: Connection
  readonly #inode: number
  readonly #server: ServerIdentity
  readonly #isTextIndexed: boolean
  readonly #stores: Stores
  readonly #requests: RequestStore
  readonly #sql
  /** True if the figures of the latest hour may be old. */
  #isRollupDue = false

  /** Creates the file and its folder if they are missing. @throws UserError */
  constructor(engine: SqliteEngine, path: string, { server, isTextIndexed }: PartitionOptions) {
    this.path = path
    this.#server = server
    this.#isTextIndexed = isTextIndexed
    this.wasSealed = existsSync(path) && isSealed(engine, path)
    this.db = openWritablePartition(engine, path)
    this.#inode = statSync(path).ino
    this.#stores = { messages: new MessageStore(this.db), conversations: new ConversationTree(this.db) }
    this.#requests = new RequestStore(this.db, server.serverId)
    this.#sql = prepare(this.db)
  }

  /**
   * Writes rows and the position of their source into the transaction that the first write begins.
   * @param bytes the bodies of the rows
   * @param position undefined for rows that come from no log
   * @throws UserError
   */
  write(group: RowGroup, bytes: Buffer, session: Session, position: SourcePosition | undefined): WrittenRows {
    if (!this.db.isInTransaction) this.#begin()
    const source = position ? this.#notePosition(position) : null
    const written = { inserted: 0, known: 0, restored: 0, ingestedBytes: 0, duplicateBytes: 0 }
    session.receive(group, bytes)
    const findForgotten = this.#sql.hasForgotten.get() ? this.#sql.findForgotten : undefined
    let nextRow = this.#sql.lastRow.get()?.id ?? 0
    for (const row of rowsOf(group)) {
      const known = this.#sql.findRequest.get(row.requestId) ?? findForgotten?.get(row.requestId)
      const isRestored = known?.isRemoved === 1 && !isRemoved(row, bytes)
      if (!known) this.#insert(++nextRow, row, bytes, session, source)
      else if (isRestored) this.#restore(known.id, row, bytes, session)
      written[kindOf(known !== undefined, isRestored)]++
      const isFromHere = !known || (known.src === source && known.src_off === row.offset)
      written[isFromHere ? 'ingestedBytes' : 'duplicateBytes'] += row.length ?? 0
    }
    session.settle(group, this.#stores)
    return written
  }

  /** Brings the text index up to date and ends the transaction. @throws UserError */
  commit(): void {
    if (!this.db.isInTransaction) return
    if (this.#isTextIndexed) indexNewMessages(this.db)
    // The latest hour will mostly get more requests.
    refreshRollups(this.db, staleHours(this.db).slice(0, -1))
    this.db.exec('COMMIT')
    this.#isRollupDue = true
  }

  /** False when the file has been removed or replaced since it was opened. */
  isInPlace(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.ino === this.#inode
  }

  /** What is not committed is lost. @throws UserError */
  close(): void {
    if (this.#isRollupDue && !this.db.isInTransaction) this.#refreshRollups()
    closeCheckpointed(this.db)
  }

  /** Without these figures, as on a full disk, `stats` reads the requests of the hour. */
  #refreshRollups(): void {
    try {
      this.db.inTransaction(() => refreshRollups(this.db))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
    }
  }

  #begin(): void {
    const { serverId, hostname, env, firstSeenTs } = this.#server
    this.#stores.conversations.forgetNewest()
    this.db.exec('BEGIN IMMEDIATE')
    this.#requests.begin()
    this.#sql.insertServer.run(serverId, hostname, env, firstSeenTs ?? nowWholeS())
  }

  /** Returns the number that the source has here. */
  #notePosition({ key, path, mtimeS, endOffset }: SourcePosition): number | null {
    this.#sql.upsertSource.run(path, endOffset, mtimeS, nowWholeS())
    return this.#sql.upsertMark.get(key, endOffset)?.source_id ?? null
  }

  #insert(id: number, row: NewRow, bytes: Buffer, session: Session, source: number | null): void {
    this.#requests.insert(id, row, bytes, this.#said(id, row, session), source)
  }

  /** Gives a request whose bodies were removed what was said in it. */
  #restore(id: number, row: NewRow, bytes: Buffer, session: Session): void {
    this.#requests.restore(id, row, bytes, this.#said(id, row, session))
  }

  #said(id: number, row: NewRow, session: Session): Said {
    const tip = session.conversation(row.conversation, id, this.#stores)
    const answer = session.message(row.answer, id, this.#stores)
    for (const number of row.inside) session.message(number, id, this.#stores)
    return { tip, answer: answer === 0 ? null : answer }
  }
}

function kindOf(isKnown: boolean, isRestored: boolean): 'inserted' | 'known' | 'restored' {
  if (!isKnown) return 'inserted'
  return isRestored ? 'restored' : 'known'
}

function isRemoved({ bodies }: NewRow, bytes: Buffer): boolean {
  const [{ start, end }] = bodies
  return bytes.toString('utf8', start, end) === REMOVED_BODY
}

/** Where a row was read; NULL for one that comes from no log. */
interface RowOrigin {
  id: number
  isRemoved: number
  src: number | null
  src_off: number | null
}

function prepare(db: Connection) {
  return {
    insertServer: db.prepare<[string, string, string, number]>(
      'INSERT INTO servers (server_id, hostname, env, first_seen_ts) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    upsertMark: db.prepare<[string, number], { source_id: number }>(`
      INSERT INTO z_ingest_marks (source_key, end_off) VALUES (?, ?)
      ON CONFLICT (source_key) DO UPDATE SET end_off = max(end_off, excluded.end_off) RETURNING source_id`),
    upsertSource: db.prepare<[string, number, number, number]>(`
      INSERT INTO ingest_sources (source_path, bytes_ingested, mtime, last_scan_ts) VALUES (?, ?, ?, ?)
      ON CONFLICT (source_path) DO UPDATE SET
        bytes_ingested = excluded.bytes_ingested, mtime = excluded.mtime, last_scan_ts = excluded.last_scan_ts`),
    lastRow: db.prepare<[], { id: number }>('SELECT id FROM z_req ORDER BY id DESC LIMIT 1'),
    findRequest: db.prepare<[string], RowOrigin>(
      `SELECT id, src, src_off, req_head = '${REMOVED_BODY}' AS isRemoved FROM z_req WHERE request_id = ?`,
    ),
    hasForgotten: db.prepare('SELECT 1 FROM z_forgotten LIMIT 1'),
    findForgotten: db.prepare<[string], RowOrigin>(
      'SELECT 0 AS id, NULL AS src, NULL AS src_off, 0 AS isRemoved FROM z_forgotten WHERE request_id = ?',
    ),
  }
}
