import type { EntryFields } from '../../record/entry.ts'
import { NO_PIECES, type Piece } from '../../record/text-pieces.ts'

export type SqlValue = string | number | null

/** How many bytes the SHA-256 of a message takes. */
export const DIGEST_BYTES = 32

/** Bytes of the packet that a group comes in. */
export interface Span {
  start: number
  end: number
}

export interface NewMessage extends Span {
  /** Where its SHA-256 starts. */
  digest: number
  /** Messages that hold what is searched of it; undefined if it is its own text. */
  texts: readonly number[] | undefined
  /** What it is put together from, of its own bytes and those of its texts; none if it is stored as it is. */
  pieces: readonly Piece[]
}

/** A conversation that continues another one, or 0, with one message; `hash` is where its chain hash starts. */
export interface NewConversation {
  parent: number
  message: number
  hash: number
}

/** A record that is to become a row. */
export interface NewRow {
  requestId: string
  /** Where the record stands in its source, in bytes; null for a row that comes from no log. */
  offset: number | null
  length: number | null
  conversation: number
  /** The message that was cut out of the response. */
  answer: number
  /** Messages that stay in a body, and are stored only to be searched. */
  inside: number[]
  /** How many of its messages can be searched. */
  searchable: number
  /** Texts before and after the messages, of the request and then of the response. */
  bodies: [head: Span, tail: Span, answerHead: Span, answerTail: Span]
  /** Values of `FIELD_COLUMNS`. */
  fields: SqlValue[]
}

/**
 * Rows for one partition. Messages and conversations are numbered within a session, from 1 in the order in which they
 * are sent; each is sent once, with the first row that has it, and 0 stands for none. Everything is in flat lists, which
 * are sent between threads as JSON at a quarter of the cost of objects.
 */
export interface RowGroup {
  path: string
  session: number
  firstMessage: number
  messages: number[]
  texts: number[]
  pieces: number[]
  conversations: number[]
  rows: SqlValue[]
  inside: number[]
}

export function emptyGroup(path: string, session: number, firstMessage: number): RowGroup {
  return { path, session, firstMessage, messages: [], texts: [], pieces: [], conversations: [], rows: [], inside: [] }
}

const MESSAGE_WIDTH = 5
const PIECE_WIDTH = 5
/** Instead of a number of texts. */
const OWN_TEXT = -1

export function addMessage(group: RowGroup, { start, end, digest, texts, pieces }: NewMessage): void {
  group.messages.push(start, end, digest, texts?.length ?? OWN_TEXT, pieces.length)
  if (texts) for (const text of texts) group.texts.push(text)
  for (const { ownStart, ownEnd, text, start, size } of pieces) group.pieces.push(ownStart, ownEnd, text, start, size)
}

export function* messagesOf({ messages, texts, pieces }: RowGroup): Generator<NewMessage> {
  let [textAt, pieceAt] = [0, 0]
  for (let at = 0; at < messages.length; at += MESSAGE_WIDTH) {
    const values = messages.slice(at, at + MESSAGE_WIDTH) as [number, number, number, number, number]
    const [start, end, digest, textCount, pieceCount] = values
    if (textCount === OWN_TEXT) {
      yield { start, end, digest, texts: undefined, pieces: NO_PIECES }
      continue
    }
    const pieceEnd = pieceAt + pieceCount * PIECE_WIDTH
    const own = pieceCount === 0 ? NO_PIECES : piecesOf(pieces.slice(pieceAt, pieceEnd))
    yield { start, end, digest, texts: texts.slice(textAt, textAt + textCount), pieces: own }
    textAt += textCount
    pieceAt = pieceEnd
  }
}

function piecesOf(values: readonly number[]): Piece[] {
  return Array.from({ length: values.length / PIECE_WIDTH }, (_, index) => {
    const piece = values.slice(index * PIECE_WIDTH, (index + 1) * PIECE_WIDTH)
    const [ownStart, ownEnd, text, start, size] = piece as [number, number, number, number, number]
    return { ownStart, ownEnd, text, start, size }
  })
}

const CONVERSATION_WIDTH = 3

export function addConversation(group: RowGroup, { parent, message, hash }: NewConversation): void {
  group.conversations.push(parent, message, hash)
}

export function* conversationsOf({ conversations }: RowGroup): Generator<NewConversation> {
  for (let at = 0; at < conversations.length; at += CONVERSATION_WIDTH) {
    const [parent, message, hash] = conversations.slice(at, at + CONVERSATION_WIDTH) as [number, number, number]
    yield { parent, message, hash }
  }
}

/** Columns that `fieldValues` gives the values of. */
export const FIELD_COLUMNS = `
  ts ts_us timestamp endpoint model_original model_mapped status_code latency_ms api_key_hash x_dialog_id x_request_id
  method provider stream outcome finish_reason ttfb_ms overhead_ms bytes_in bytes_out release api_key_name
  tokens_in tokens_out dialog_source trace_id tokens_cache_read tokens_cache_write_5m tokens_cache_write_1h
  tokens_reasoning cost dispatched_ms retries`
  .trim()
  .split(/\s+/)

export function fieldValues(
  fields: Omit<EntryFields, 'timestamp'> & { timestamp: string | null },
  { epochS, epochUs }: { epochS: number; epochUs: number | null },
): SqlValue[] {
  return [
    epochS,
    epochUs,
    fields.timestamp,
    fields.endpoint,
    fields.modelOriginal,
    fields.modelMapped,
    fields.statusCode,
    fields.latencyMs,
    fields.apiKeyHash,
    fields.xDialogId,
    fields.xRequestId,
    fields.method,
    fields.provider,
    fields.stream === null ? null : Number(fields.stream),
    fields.outcome,
    fields.finishReason,
    fields.ttfbMs,
    fields.overheadMs,
    fields.bytesIn,
    fields.bytesOut,
    fields.release,
    fields.apiKeyName,
    fields.tokensIn,
    fields.tokensOut,
    fields.dialogSource,
    fields.traceId,
    fields.tokensCacheRead,
    fields.tokensCacheWrite5m,
    fields.tokensCacheWrite1h,
    fields.tokensReasoning,
    fields.cost,
    fields.dispatchedMs,
    fields.retries,
  ]
}

const FIXED_WIDTH = 15
const ROW_WIDTH = FIXED_WIDTH + FIELD_COLUMNS.length

export function addRow(group: RowGroup, row: NewRow): void {
  const { requestId, offset, length, conversation, answer, searchable, inside, bodies, fields } = row
  const [head, tail, answerHead, answerTail] = bodies
  group.rows.push(requestId, offset, length, conversation, answer, searchable, inside.length)
  group.rows.push(head.start, head.end, tail.start, tail.end)
  group.rows.push(answerHead.start, answerHead.end, answerTail.start, answerTail.end)
  for (const value of fields) group.rows.push(value)
  for (const number of inside) group.inside.push(number)
}

export function* rowsOf({ rows, inside }: RowGroup): Generator<NewRow> {
  let insideAt = 0
  for (let at = 0; at < rows.length; at += ROW_WIDTH) {
    const requestId = rows[at] as string
    const [offset, length, conversation, answer, searchable, insideCount, ...ends] = rows.slice(
      at + 1,
      at + FIXED_WIDTH,
    ) as [number | null, number | null, number, number, number, number, ...number[]]
    const span = (index: number) => ({ start: ends[index] as number, end: ends[index + 1] as number })
    yield {
      requestId,
      offset,
      length,
      conversation,
      answer,
      searchable,
      inside: inside.slice(insideAt, insideAt + insideCount),
      bodies: [span(0), span(2), span(4), span(6)],
      fields: rows.slice(at + FIXED_WIDTH, at + ROW_WIDTH),
    }
    insideAt += insideCount
  }
}
