import { existsSync, statSync } from 'node:fs'
import { nowWholeS } from '../../days.ts'
import type { ServerIdentity } from '../folder/server-id.ts'
import { openWritablePartition } from '../partition/open-partition.ts'
import { isSealed } from '../partition/seal.ts'
import { closeCheckpointed } from '../sqlite/compact.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { indexNewMessages } from '../text-index/text-index.ts'
import { ConversationTree } from './conversation-tree.ts'
import { MessageStore } from './message-store.ts'
import { FIELD_COLUMNS, type NewRow, type RowGroup, rowsOf } from './row-group.ts'
import type { Session, Stores } from './session.ts'

/** What became of rows. Known are those that are stored already or were forgotten. */
export interface WrittenRows {
  inserted: number
  known: number
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
  readonly #sql

  /** Creates the file and its folder if they are missing. @throws UserError */
  constructor(engine: SqliteEngine, path: string, { server, isTextIndexed }: PartitionOptions) {
    this.path = path
    this.#server = server
    this.#isTextIndexed = isTextIndexed
    this.wasSealed = existsSync(path) && isSealed(engine, path)
    this.db = openWritablePartition(engine, path)
    this.#inode = statSync(path).ino
    this.#stores = { messages: new MessageStore(this.db), conversations: new ConversationTree(this.db) }
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
    const written = { inserted: 0, known: 0, ingestedBytes: 0, duplicateBytes: 0 }
    session.receive(group, bytes)
    const findForgotten = this.#sql.hasForgotten.get() ? this.#sql.findForgotten : undefined
    let nextRow = this.#sql.lastRow.get()?.id ?? 0
    for (const row of rowsOf(group)) {
      const known = this.#sql.findRequest.get(row.requestId) ?? findForgotten?.get(row.requestId)
      if (!known) this.#insert(++nextRow, row, bytes, session, source)
      written[known ? 'known' : 'inserted']++
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
    this.db.exec('COMMIT')
  }

  /** False when the file has been removed or replaced since it was opened. */
  isInPlace(): boolean {
    return statSync(this.path, { throwIfNoEntry: false })?.ino === this.#inode
  }

  /** What is not committed is lost. @throws UserError */
  close(): void {
    closeCheckpointed(this.db)
  }

  #begin(): void {
    const { serverId, hostname, env, firstSeenTs } = this.#server
    this.#stores.conversations.forgetNewest()
    this.db.exec('BEGIN IMMEDIATE')
    this.#sql.insertServer.run(serverId, hostname, env, firstSeenTs ?? nowWholeS())
  }

  /** Returns the number that the source has here. */
  #notePosition({ key, path, mtimeS, endOffset }: SourcePosition): number | null {
    this.#sql.upsertSource.run(path, endOffset, mtimeS, nowWholeS())
    return this.#sql.upsertMark.get(key, endOffset)?.source_id ?? null
  }

  #insert(id: number, row: NewRow, bytes: Buffer, session: Session, source: number | null): void {
    const tip = session.conversation(row.conversation, id, this.#stores)
    const answer = session.message(row.answer, id, this.#stores)
    for (const number of row.inside) session.message(number, id, this.#stores)
    this.#sql.insertRequest.run([
      id,
      this.#server.serverId,
      row.requestId,
      ...row.fields,
      ...row.bodies.map(({ start, end }) => bytes.subarray(start, end)),
      tip,
      answer === 0 ? null : answer,
      row.searchable,
      source,
      row.offset,
      row.length,
    ])
  }
}

/** In the order in which `#insert` gives the values. CAST makes text of bytes without a JS string in between. */
const INSERT_REQUEST = `INSERT INTO req (
    id, server_id, request_id, ${FIELD_COLUMNS.join(', ')}, req_head, req_tail, resp_head, resp_tail,
    tip, resp_msg, texts, src, src_off, src_len
  ) VALUES (
    ?, ?, ?, ${FIELD_COLUMNS.map(() => '?').join(', ')},
    CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?, ?, ?, ?
  )`

/** Where a row was read; NULL for one that comes from no log. */
interface RowOrigin {
  src: number | null
  src_off: number | null
}

function prepare(db: Connection) {
  return {
    insertServer: db.prepare<[string, string, string, number]>(
      'INSERT INTO servers (server_id, hostname, env, first_seen_ts) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    upsertMark: db.prepare<[string, number], { source_id: number }>(`
      INSERT INTO ingest_marks (source_key, end_off) VALUES (?, ?)
      ON CONFLICT (source_key) DO UPDATE SET end_off = max(end_off, excluded.end_off) RETURNING source_id`),
    upsertSource: db.prepare<[string, number, number, number]>(`
      INSERT INTO ingest_sources (source_path, bytes_ingested, mtime, last_scan_ts) VALUES (?, ?, ?, ?)
      ON CONFLICT (source_path) DO UPDATE SET
        bytes_ingested = excluded.bytes_ingested, mtime = excluded.mtime, last_scan_ts = excluded.last_scan_ts`),
    lastRow: db.prepare<[], { id: number }>('SELECT id FROM req ORDER BY id DESC LIMIT 1'),
    findRequest: db.prepare<[string], RowOrigin>('SELECT src, src_off FROM req WHERE request_id = ?'),
    hasForgotten: db.prepare('SELECT 1 FROM forgotten LIMIT 1'),
    findForgotten: db.prepare<[string], RowOrigin>(
      'SELECT NULL AS src, NULL AS src_off FROM forgotten WHERE request_id = ?',
    ),
    insertRequest: db.prepare<[unknown[]]>(INSERT_REQUEST),
  }
}
