import { hash } from 'node:crypto'
import { type Body, REMOVED_BODY } from '../../record/body.ts'
import { EntryReader, type LogEntry, requestId } from '../../record/entry.ts'
import { fieldValues, type NewRow, type RowGroup, type Span, type SqlValue } from '../../store/rows/row-group.ts'
import type { CachedPrefix } from './cached-prefix.ts'
import { isSearchable } from './reading-session.ts'
import { SentMessages } from './sent-messages.ts'
import { Sessions, type SessionsOptions } from './sessions.ts'

/** A packet seldom has more. */
const PACKET_BYTES = 1_300_000

export interface RowsOptions extends SessionsOptions {
  serverId: string
}

/** Where a record stands in its source, in bytes. */
export interface RecordPlace {
  offset: number
  length: number
}

/** A row that comes from no log. */
export interface TrustedRow {
  requestId: string
  /** Values of `FIELD_COLUMNS`. */
  fields: SqlValue[]
  /** Bodies that must stay whole, instead of those of the record. */
  whole: { request: string; response: string } | undefined
}

/** Rows for the writer, and the bytes that they point to. */
export interface PackedRows {
  groups: RowGroup[]
  endedSessions: number[]
  bytes: Buffer
}

type SaidInRow = Pick<NewRow, 'bodies' | 'answer' | 'inside' | 'searchable'>

const REMOVED = { request: REMOVED_BODY, response: REMOVED_BODY }

/** Turns records into rows, and sends each message and conversation to a partition once. */
export class Rows {
  readonly #serverId: string
  readonly #sessions: Sessions
  readonly #reader: EntryReader
  readonly #messages: SentMessages
  /** How much of the sink belongs to rows. */
  #packedBytes = 0
  rowCount = 0

  constructor({ serverId, ...options }: RowsOptions) {
    this.#serverId = serverId
    this.#sessions = new Sessions(options)
    this.#reader = new EntryReader(this.#sessions)
    this.#messages = new SentMessages(this.#reader, this.#sessions)
  }

  get sizeBytes(): number {
    return this.#packedBytes
  }

  /** Undefined for a JSON object that is not a record of a request. @throws InvalidJson, BadRecord */
  read(json: Buffer): LogEntry | undefined {
    this.#sessions.current.known.forgetWalks()
    this.#reader.sink.length = this.#packedBytes
    return this.#reader.read(json)
  }

  /**
   * Adds the record that was read last as a row.
   * @param hasBodies false if only what is known about the request is kept
   */
  add(read: LogEntry, { offset, length }: RecordPlace, hasBodies: boolean): void {
    const entry = this.#completed(read, hasBodies)
    const { fields, instant, request, response } = entry
    const { tip, sha256 } = hasBodies ? this.#messages.conversation(request) : this.#messages.noConversation(request)
    const answerSha256 = hash('sha256', this.#reader.sink.view(response.start, response.end), 'hex')
    const { bodies, answer, inside, searchable } = hasBodies ? this.#said(entry, tip) : this.#whole(REMOVED)
    this.#sessions.current.addRow({
      requestId: requestId(this.#serverId, fields, sha256, answerSha256),
      offset,
      length,
      conversation: tip.number,
      answer,
      inside,
      searchable,
      bodies,
      fields: fieldValues(fields, instant),
    })
    this.#keep()
  }

  /** Adds the record that was read last as a row of this id. */
  addTrusted(read: LogEntry, { requestId, fields, whole }: TrustedRow): void {
    const entry = this.#completed(read, whole === undefined)
    const { request } = entry
    const { tip } = whole ? this.#messages.noConversation(request) : this.#messages.conversation(request)
    const said = whole ? this.#whole(whole) : this.#said(entry, tip)
    const conversation = tip.number
    this.#sessions.current.addRow({ requestId, offset: null, length: null, conversation, ...said, fields })
    this.#keep()
  }

  /** What has been added since the last time. */
  take(): PackedRows {
    const { bytes } = this.#reader.takeSink(PACKET_BYTES)
    const packed = { ...this.#sessions.take(), bytes: bytes.subarray(0, this.#packedBytes) }
    this.#packedBytes = 0
    this.rowCount = 0
    return packed
  }

  #keep(): void {
    this.rowCount++
    this.#packedBytes = this.#reader.sink.length
    this.#sessions.endIfLarge()
  }

  /** The entry as its partition needs it: nothing was stepped over that another one knows, or that it must have. */
  #completed(read: LogEntry, hasBodies: boolean): LogEntry {
    const entry = this.#sessions.enter(read.instant.day) ? this.#readAgain() : read
    if (hasBodies && this.#messages.beginsAsKnown(entry.request)) return entry
    const { known } = this.#sessions.current
    known.readsAll = true
    try {
      return this.#readAgain()
    } finally {
      known.readsAll = false
    }
  }

  #readAgain(): LogEntry {
    return this.read(this.#reader.source) as LogEntry
  }

  #said({ request, response }: LogEntry, tip: CachedPrefix): SaidInRow {
    const inside: number[] = []
    let searchable = tip.texts
    for (const body of [request, response]) {
      for (const mark of body.inside) {
        const texts = this.#messages.textsInside(mark)
        inside.push(...texts)
        searchable += Number(texts.length > 0)
      }
    }
    const answer = response.items[0] && this.#messages.message(response.items[0])
    searchable += Number(answer !== undefined && isSearchable(answer))
    const [head, tail] = [headOf(request), tailOf(request)]
    return { bodies: [head, tail, headOf(response), tailOf(response)], answer: answer?.number ?? 0, inside, searchable }
  }

  /** Bodies from which nothing is cut out. */
  #whole({ request, response }: { request: string; response: string }): SaidInRow {
    const { sink } = this.#reader
    const start = sink.length
    sink.text(request)
    const middle = sink.length
    sink.text(response)
    const end = sink.length
    const [nothing, nothingMore] = [
      { start: middle, end: middle },
      { start: end, end },
    ]
    const bodies: NewRow['bodies'] = [{ start, end: middle }, nothing, { start: middle, end }, nothingMore]
    return { bodies, answer: 0, inside: [], searchable: 0 }
  }
}

function headOf({ start, headEnd }: Body): Span {
  return { start, end: headEnd }
}

function tailOf({ tailStart, end }: Body): Span {
  return { start: tailStart, end }
}
