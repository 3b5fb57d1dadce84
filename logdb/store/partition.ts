import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { unsplit } from '../record/body.ts'
import type { LogEntry } from '../record/entry.ts'
import type { ServerIdentity } from '../server-id.ts'
import { ConversationStore } from './conversation-store.ts'
import { indexNewMessages } from './fts.ts'
import { MessageStore, type StoredMessage } from './message-store.ts'
import { openMigrated } from './migrate.ts'
import { PARTITION_SCHEMA } from './partition-schema.ts'
import { type Connection, closeCheckpointed, explainingErrors, inTransaction, type SqliteEngine } from './sqlite.ts'

/** A record that is to become a row, with its place in its source. */
export interface PendingRow {
  requestId: string
  entry: LogEntry
  offset: number
  length: number
}

/**
 * `repeated`: this very record was stored before a run was killed. `duplicate`: another record has the same id, or one
 * with this id was forgotten.
 */
export type RowOutcome = 'inserted' | 'repeated' | 'duplicate'

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
  withTextIndex: boolean
}

/** A partition open for writing. */
export class Partition {
  readonly path: string
  readonly #db: Connection
  readonly #server: ServerIdentity
  readonly #withTextIndex: boolean
  readonly #messages: MessageStore
  readonly #conversations: ConversationStore
  readonly #sql

  /** Creates the file and its folder if there is none. @throws UserError */
  constructor(engine: SqliteEngine, path: string, { server, withTextIndex }: PartitionOptions) {
    this.path = path
    this.#server = server
    this.#withTextIndex = withTextIndex
    this.#db = explainingErrors(path, () => openPartitionFile(engine, path))
    this.#messages = new MessageStore(this.#db)
    this.#conversations = new ConversationStore(this.#db)
    this.#sql = prepare(this.#db)
  }

  /**
   * Writes rows, the position of their source and the text index in one transaction. Says for each row, in order, what
   * became of it.
   */
  write(rows: readonly PendingRow[], position: SourcePosition): RowOutcome[] {
    try {
      return explainingErrors(this.path, () => inTransaction(this.#db, () => this.#write(rows, position)))
    } catch (error) {
      this.#messages.forget()
      this.#conversations.forget()
      throw error
    }
  }

  close(): void {
    explainingErrors(this.path, () => closeCheckpointed(this.#db))
  }

  #write(rows: readonly PendingRow[], position: SourcePosition): RowOutcome[] {
    const nowS = Math.floor(Date.now() / 1000)
    const { serverId, hostname, env } = this.#server
    this.#sql.insertServer.run(serverId, hostname, env, nowS)
    const source = this.#sql.upsertMark.get(position.key, position.endOffset)?.source_id ?? null
    this.#sql.upsertSource.run(position.path, position.endOffset, position.mtimeS, nowS)
    let nextRow = this.#sql.lastRow.get()?.id ?? 0
    const outcomes = rows.map((row): RowOutcome => {
      const known = this.#sql.findRequest.get(row.requestId, row.requestId)
      if (known) return known.src === source && known.src_off === row.offset ? 'repeated' : 'duplicate'
      this.#insert(++nextRow, row, source)
      return 'inserted'
    })
    if (this.#withTextIndex) indexNewMessages(this.#db)
    return outcomes
  }

  #insert(id: number, { requestId, entry, offset, length }: PendingRow, source: number | null): void {
    const { fields, instant } = entry
    const request = this.#storeItems(entry.request, id)
    const response = this.#storeItems(entry.response, id)
    const inside = [...request.inside, ...response.inside].map((item) => this.#messages.store(item, id))
    const texts = [...request.stored, ...response.stored, ...inside].filter((message) => message?.isSearchable)
    this.#sql.insertRequest.run({
      ...fields,
      id,
      requestId,
      serverId: this.#server.serverId,
      ts: instant.epochS,
      tsUs: instant.epochUs,
      reqHead: request.head,
      tip: request.stored.length > 0 ? this.#conversations.add(request.stored) : null,
      reqTail: request.tail,
      respHead: response.head,
      respMsg: response.stored[0]?.id ?? null,
      respTail: response.tail,
      stream: fields.stream === null ? null : Number(fields.stream),
      texts: texts.length,
      src: source,
      srcOff: offset,
      srcLen: length,
    })
  }

  /** A body with its messages stored; they stay in its head if one of them cannot be. */
  #storeItems(body: LogEntry['request'], row: number) {
    const stored = body.items.map((item) => this.#messages.store(item, row))
    if (stored.every((message) => message !== undefined)) return { ...body, stored }
    const none: StoredMessage[] = []
    return { ...unsplit(body), stored: none }
  }
}

function openPartitionFile(engine: SqliteEngine, path: string): Connection {
  mkdirSync(dirname(path), { recursive: true })
  return openMigrated(engine, path, PARTITION_SCHEMA)
}

/** Opens a partition for writing, creating it if there is none, for as long as `work` runs. @throws UserError */
export function withPartition<T>(engine: SqliteEngine, path: string, work: (db: Connection) => T): T {
  return explainingErrors(path, () => {
    const db = openPartitionFile(engine, path)
    try {
      return work(db)
    } finally {
      closeCheckpointed(db)
    }
  })
}

/** `ok`, or what SQLite's integrity check found. */
export function checkIntegrity(db: Connection): string {
  return String(db.pragma('integrity_check', { simple: true }))
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
    findRequest: db.prepare<[string, string], { src: number | null; src_off: number | null }>(`
      SELECT src, src_off FROM req WHERE request_id = ?
      UNION ALL SELECT NULL, NULL FROM forgotten WHERE request_id = ?`),
    insertRequest: db.prepare<[Record<string, unknown>]>(INSERT_REQUEST),
  }
}

/** Parameters that are bytes of UTF-8; CAST makes text of them without a JS string in between. */
const BYTES = new Set(['reqHead', 'reqTail', 'respHead', 'respTail'])
const PARAMETERS = `
  id requestId serverId ts tsUs timestamp endpoint modelOriginal modelMapped statusCode latencyMs apiKeyHash
  reqHead tip reqTail respHead respMsg respTail xDialogId xRequestId method provider stream outcome finishReason
  ttfbMs overheadMs bytesIn bytesOut release apiKeyName tokensIn tokensOut texts src srcOff srcLen`
  .trim()
  .split(/\s+/)
const COLUMNS = PARAMETERS.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
const VALUES = PARAMETERS.map((name) => (BYTES.has(name) ? `CAST(@${name} AS TEXT)` : `@${name}`))
const INSERT_REQUEST = `INSERT INTO req (${COLUMNS.join(', ')}) VALUES (${VALUES.join(', ')})`
