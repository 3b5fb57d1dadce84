import type { TimeRange } from '../../days.ts'
import type { Connection } from '../sqlite/engine.ts'

interface RequestOfMessages {
  id: string
  ts: number
  tip: number | null
  answer: number | null
}

type MessageRow = [
  requestId: string,
  ts: number,
  part: 'request' | 'response',
  position: number | null,
  role: string | null,
  messageId: string,
  json: string,
]

type StoredMessage = [role: string | null, messageId: string, json: string]

const BITS = 8

/** Canonical JSON may hold NaN, which SQLite takes for malformed. MATERIALIZED: pieces are put together once. */
const MESSAGE = `
  WITH one AS MATERIALIZED (SELECT msg.h, message.json FROM z_msg msg JOIN message ON message.id = msg.id WHERE msg.id = ?)
  SELECT CASE WHEN json_valid(json) THEN CASE json_type(json, '$.role') WHEN 'text' THEN json_extract(json, '$.role') END END,
    lower(hex(h)), json
  FROM one`

/**
 * Each message in the first request that sent it at its place in a conversation, and the answer of each request. A
 * conversation is sent again with each of its requests, so all messages of all requests would be very many.
 */
export function* messageRows(db: Connection, { sinceS, toS }: TimeRange): Generator<MessageRow> {
  const readMessage = db.prepareTuple<[number], StoredMessage>(MESSAGE)
  const messageOf = (id: number): StoredMessage[] => {
    const found = readMessage.get(id)
    return found ? [found] : []
  }
  const conversations = new NewNodes(db)
  for (const { id, ts, tip, answer } of requestsUntil(db, toS)) {
    const nodes = tip === null ? [] : conversations.newUntil(tip)
    if (ts < sinceS) continue
    for (const { message, position } of nodes) {
      for (const [role, messageId, json] of messageOf(message)) {
        yield [id, ts, 'request', position, role, messageId, json]
      }
    }
    if (answer === null) continue
    for (const [role, messageId, json] of messageOf(answer)) yield [id, ts, 'response', null, role, messageId, json]
  }
}

function requestsUntil(db: Connection, toS: number): IterableIterator<RequestOfMessages> {
  const sql = `
    SELECT request_id AS id, ts, tip, resp_msg AS answer FROM z_req WHERE ts <= ? ORDER BY ts, ts_us, request_id`
  return db.prepare<[number], RequestOfMessages>(sql).iterate(toS)
}

interface Node {
  parent: number
  message: number
  /** From 0. */
  position: number
}

/** Remembers, in a bit each, which nodes of the conversations were seen. */
class NewNodes {
  readonly #read
  readonly #seen: Uint8Array

  constructor(db: Connection) {
    this.#read = db.prepare<[number], Node>(
      'SELECT parent, msg AS message, depth - 1 AS position FROM z_node WHERE id = ?',
    )
    const last = Number(db.prepareValue('SELECT COALESCE(max(id), 0) FROM z_node').get())
    this.#seen = new Uint8Array(Math.floor(last / BITS) + 1)
  }

  /** The nodes of a conversation that were not seen yet, the first one first. */
  newUntil(tip: number): Node[] {
    const nodes: Node[] = []
    for (let id = tip; id !== 0 && !this.#isSeen(id); ) {
      const node = this.#read.get(id)
      if (!node) break
      nodes.push(node)
      id = node.parent
    }
    return nodes.reverse()
  }

  /** Marks it too. */
  #isSeen(id: number): boolean {
    const [at, bit] = [Math.floor(id / BITS), 1 << (id % BITS)]
    const before = this.#seen[at] ?? 0
    this.#seen[at] = before | bit
    return (before & bit) !== 0
  }
}
