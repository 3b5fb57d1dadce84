import { createHash, hash } from 'node:crypto'
import type { Mark } from '../../canon/canonical-reader.ts'
import type { Body } from '../../record/body.ts'
import { EntryReader, type LogEntry, requestId } from '../../record/entry.ts'
import { isSurelyPlain, type MessageText, messageText } from '../../record/message-text.ts'
import { asRecord, isCanonical, type PredecessorRow } from '../../record/predecessor-row.ts'
import { REMOVED_BODY } from '../../record/removed-body.ts'
import { HASH_BYTES } from '../../store/partition/chain-hash.ts'
import { fieldValues, type NewRow, type RowGroup, type Span } from '../../store/rows/row-group.ts'
import type { KnownConversation } from './cached-prefix.ts'
import type { Walk } from './prefix-cache.ts'
import { type KnownMessage, ReadingSession } from './reading-session.ts'

/** Around midnight two partitions are written. */
const MAX_SESSIONS = 2
/** A packet has seldom more. */
const PACKET_BYTES = 1_300_000

export interface RowPackerOptions {
  serverId: string
  partitionOf(day: string): string
  /** How much is remembered of what was read, roughly. */
  maxKnownBytes: number
}

type SaidInRow = Pick<NewRow, 'bodies' | 'answer' | 'inside' | 'searchable'>

/** Rows for the writer, and the bytes that they point to. */
export interface PackedRows {
  groups: RowGroup[]
  endedSessions: number[]
  bytes: Buffer
}

/** Turns records into rows, and sends each message and conversation to a partition once. */
export class RowPacker {
  readonly #options: RowPackerOptions
  readonly #reader = new EntryReader({
    begin: (kind) => this.#session.known.begin(kind),
    stepOver: (reader, kind) => this.#session.known.stepOver(reader, kind),
  })
  readonly #sessions = new Map<string, ReadingSession>()
  #session = new ReadingSession(0, '')
  #sessionCount = 0
  #ended: ReadingSession[] = []
  /** The day of the last row, and its partition. */
  #day = ''
  #path = ''
  /** How much of the sink belongs to rows. */
  #packedBytes = 0
  rowCount = 0

  constructor(options: RowPackerOptions) {
    this.#options = options
  }

  get sizeBytes(): number {
    return this.#packedBytes
  }

  /** Undefined for a JSON object that is no record of a request. @throws InvalidJson, BadRecord */
  read(json: Buffer): LogEntry | undefined {
    this.#session.known.forgetWalks()
    this.#reader.sink.length = this.#packedBytes
    return this.#reader.read(json)
  }

  /** Adds the record that was read last as a row; without bodies only what is known about it. */
  add(read: LogEntry, { offset, length, withBodies }: { offset: number; length: number; withBodies: boolean }): void {
    const entry = this.#completed(read, withBodies)
    const { fields, instant, request, response } = entry
    const { tip, sha256 } = withBodies ? this.#conversation(request) : this.#nothingSaid(request)
    const answerSha256 = hash('sha256', this.#reader.sink.view(response.start, response.end), 'hex')
    const { bodies, answer, inside, searchable } = withBodies
      ? this.#said(entry, tip)
      : this.#whole(REMOVED_BODY, REMOVED_BODY)
    this.#session.addRow({
      requestId: requestId(this.#options.serverId, fields, sha256, answerSha256),
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

  /** Adds a row of the predecessor's database, whose id is trusted. Bodies that are not canonical stay whole. */
  addConverted(row: PredecessorRow): void {
    const canSplit = isCanonical(row)
    const record = asRecord(canSplit ? row : { ...row, requestJson: '""', responseJson: '""' })
    const entry = this.#completed(this.read(record) as LogEntry, canSplit)
    const { tip } = canSplit ? this.#conversation(entry.request) : this.#nothingSaid(entry.request)
    const { bodies, answer, inside, searchable } = canSplit
      ? this.#said(entry, tip)
      : this.#whole(row.requestJson, row.responseJson)
    this.#session.addRow({
      requestId: row.requestId,
      offset: null,
      length: null,
      conversation: tip.number,
      answer,
      inside,
      searchable,
      bodies,
      fields: fieldValues({ ...entry.fields, timestamp: null }, { epochS: row.ts, epochUs: null }),
    })
    this.#keep()
  }

  /** What has been added since the last time. */
  take(): PackedRows {
    const { bytes } = this.#reader.takeSink(PACKET_BYTES)
    const sessions = [...this.#ended, ...this.#sessions.values()]
    const packed = {
      groups: sessions.flatMap((session) => session.takeGroup()),
      endedSessions: this.#ended.map(({ number }) => number),
      bytes: bytes.subarray(0, this.#packedBytes),
    }
    this.#packedBytes = 0
    this.#ended = []
    this.rowCount = 0
    return packed
  }

  #keep(): void {
    this.rowCount++
    this.#packedBytes = this.#reader.sink.length
    if (this.#session.sizeBytes > this.#options.maxKnownBytes / MAX_SESSIONS) this.#end(this.#session)
  }

  /** The entry as its partition needs it: nothing was stepped over that another one knows, or that it must have. */
  #completed(read: LogEntry, withBodies: boolean): LogEntry {
    const path = this.#pathOf(read.instant.day)
    let entry = read
    if (path !== this.#session.path) {
      this.#session = this.#sessions.get(path) ?? this.#begin(path)
      entry = this.#readAgain()
    }
    const { known } = this.#session
    if (withBodies && this.#beginsAsKnown(entry.request)) return entry
    known.readsAll = true
    try {
      return this.#readAgain()
    } finally {
      known.readsAll = false
    }
  }

  #nothingSaid({ start, end }: Body): { tip: KnownConversation; sha256: string } {
    return { tip: this.#session.known.root, sha256: hash('sha256', this.#reader.sink.view(start, end), 'hex') }
  }

  #said({ request, response }: LogEntry, tip: KnownConversation): SaidInRow {
    const inside: number[] = []
    let searchable = tip.texts
    for (const body of [request, response]) {
      for (const mark of body.inside) {
        const message = this.#message(mark)
        inside.push(message.number)
        searchable += Number(message.isSearchable)
      }
    }
    const answer = response.items[0] && this.#message(response.items[0])
    searchable += Number(answer?.isSearchable ?? false)
    const [head, tail] = [headOf(request), tailOf(request)]
    return { bodies: [head, tail, headOf(response), tailOf(response)], answer: answer?.number ?? 0, inside, searchable }
  }

  /** Bodies of which nothing is cut out. */
  #whole(request: string, response: string): SaidInRow {
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

  #pathOf(day: string): string {
    if (day !== this.#day) {
      this.#day = day
      this.#path = this.#options.partitionOf(day)
    }
    return this.#path
  }

  #readAgain(): LogEntry {
    return this.read(this.#reader.source) as LogEntry
  }

  /** True if the kept hash of what was stepped over is that of this body too. */
  #beginsAsKnown({ kind, start, headEnd, hidesTexts }: Body): boolean {
    const { state } = this.#session.known.walk(kind).from
    return !hidesTexts && (!state || state.head.equals(this.#reader.sink.view(start, headEnd)))
  }

  /** The conversation of a request, and the SHA-256 of its whole body. */
  #conversation(body: Body): { tip: KnownConversation; sha256: string } {
    const { known } = this.#session
    const { sink } = this.#reader
    const walk = known.walk(body.kind)
    const begun = walk.from.state
    const head = begun?.head ?? Buffer.from(sink.view(body.start, body.headEnd))
    let running = begun && (body.items.length > 0 ? known.takeHash(walk.from) : begun.hash.copy())
    let hashedTo = begun ? body.headEnd : body.start
    let tip = walk.from
    for (const [index, mark] of body.items.entries()) {
      tip = walk.known[index] ?? this.#extend(tip, mark)
      if (!this.#keepsHash(tip, walk, index === body.items.length - 1)) continue
      running ??= createHash('sha256')
      running.update(sink.view(hashedTo, mark.end))
      hashedTo = mark.end
      known.keepHash(tip, head, running)
    }
    const rest = sink.view(hashedTo, body.end)
    return { tip, sha256: running ? running.update(rest).digest('hex') : hash('sha256', rest, 'hex') }
  }

  /** True where other requests are likely to go on: behind one that goes on itself, and where several have done so. */
  #keepsHash(conversation: KnownConversation, { from, known }: Walk, isLast: boolean): boolean {
    const all = this.#session.known
    if (conversation.state && !all.readsAll) return false
    return conversation.count > 1 || (isLast && (from !== all.root || known.length > 0))
  }

  #extend(before: KnownConversation, mark: Mark): KnownConversation {
    const { sink, source } = this.#reader
    const message = this.#message(mark)
    const name = hash('sha256', Buffer.from(before.hash + message.digest.slice(0, HASH_BYTES), 'latin1'), 'binary')
    const ownHash = name.slice(0, HASH_BYTES)
    const link = { parent: before.number, message: message.number, hash: sink.length }
    sink.latin1(ownHash)
    const number = this.#session.addConversation(link)
    const texts = before.texts + Number(message.isSearchable)
    return this.#session.known.add(
      before,
      { number, hash: ownHash, texts },
      { source, from: mark.sourceStart, to: mark.sourceEnd },
    )
  }

  #message({ start, end, name }: Mark): KnownMessage {
    const { sink } = this.#reader
    const json = sink.view(start, end)
    const digest = hash('sha256', json, 'binary')
    const known = this.#session.message(digest)
    if (known) return known
    const text = isSurelyPlain(json) ? PLAIN : messageText({ json, role: name })
    const digestAt = sink.length
    sink.latin1(digest)
    return this.#session.addMessage(digest, { start, end, digest: digestAt, text })
  }

  #begin(path: string): ReadingSession {
    const session = new ReadingSession(++this.#sessionCount, path)
    const [oldest] = this.#sessions.values()
    if (this.#sessions.size >= MAX_SESSIONS && oldest) this.#end(oldest)
    this.#sessions.set(path, session)
    return session
  }

  #end(session: ReadingSession): void {
    this.#sessions.delete(session.path)
    this.#ended.push(session)
    if (this.#session === session) this.#session = new ReadingSession(0, '')
  }
}

/** Texts of plain messages are not sent: they are in the JSON already. */
const PLAIN: MessageText = { role: '', text: '', isPlain: true }

const headOf = ({ start, headEnd }: Body): Span => ({ start, end: headEnd })
const tailOf = ({ tailStart, end }: Body): Span => ({ start: tailStart, end })
