import type { EntryFields } from '../../record/entry.ts'
import type { MessageText } from '../../record/message-text.ts'

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
  /** Undefined if there is nothing to search. */
  text: MessageText | undefined
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
  texts: MessageText[]
  conversations: number[]
  rows: SqlValue[]
  inside: number[]
}

export function emptyGroup(path: string, session: number, firstMessage: number): RowGroup {
  return { path, session, firstMessage, messages: [], texts: [], conversations: [], rows: [], inside: [] }
}

/** Instead of a text: there is none, or it is exactly what SQL reads from the message. */
const NO_TEXT = -1
const PLAIN_TEXT = -2
const PLAIN: MessageText = { role: '', text: '', isPlain: true }
const MESSAGE_WIDTH = 4

export function addMessage(group: RowGroup, { start, end, digest, text }: NewMessage): void {
  if (text === undefined) group.messages.push(start, end, digest, NO_TEXT)
  else if (text.isPlain) group.messages.push(start, end, digest, PLAIN_TEXT)
  else {
    group.messages.push(start, end, digest, group.texts.length)
    group.texts.push(text)
  }
}

export function* messagesOf({ messages, texts }: RowGroup): Generator<NewMessage> {
  for (let at = 0; at < messages.length; at += MESSAGE_WIDTH) {
    const [start, end, digest, text] = messages.slice(at, at + MESSAGE_WIDTH) as [number, number, number, number]
    yield { start, end, digest, text: text === PLAIN_TEXT ? PLAIN : texts[text] }
  }
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
  tokens_in tokens_out`
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
