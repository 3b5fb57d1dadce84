import { normalMessage } from '../../record/normal-message.ts'
import type { Connection } from '../sqlite/engine.ts'
import { chainHash, HASH_BYTES, shortHash } from './chain-hash.ts'

/** A request whose client named no dialog, so that one may be assigned. Unknown values are empty texts. */
export interface GroupableRequest {
  row: number
  /** Seconds since 1970. */
  ts: number
  apiKeyHash: string
  endpoint: string
  modelMapped: string
  /** Last node of its conversation; null without messages. */
  tip: number | null
  dialogId: string | null
}

export interface DialogChange {
  row: number
  dialogId: string | null
}

/** Requests by time. */
export function groupableRequests(db: Connection, order: 'ASC' | 'DESC'): IterableIterator<GroupableRequest> {
  const sql = `
    SELECT id AS row, ts, COALESCE(api_key_hash, '') AS apiKeyHash, endpoint,
      COALESCE(model_mapped, '') AS modelMapped, tip, dialog_id AS dialogId
    FROM z_req WHERE x_dialog_id IS NULL ORDER BY ts ${order}`
  return db.prepare<[], GroupableRequest>(sql).iterate()
}

export function changeDialogs(db: Connection, changes: readonly DialogChange[]): void {
  const update = db.prepare<[string | null, number]>('UPDATE z_req_row SET dialog_id = ? WHERE id = ?')
  for (const { row, dialogId } of changes) update.run(dialogId, row)
}

/** Rows with an assigned dialog; a dialog that the client named is not an assigned one. */
export function assignedDialogs(db: Connection): number {
  const sql = 'SELECT count(*) FROM z_req WHERE x_dialog_id IS NULL AND dialog_id IS NOT NULL'
  return Number(db.prepareValue(sql).get())
}

export function clearDialogs(db: Connection): void {
  db.exec('UPDATE z_req_row SET dialog_id = NULL WHERE x_dialog_id IS NULL AND dialog_id IS NOT NULL')
}

const NO_MESSAGES = Buffer.alloc(0)

/** The nodes of a partition's conversations, each after the one that it continues. */
export interface NormalNode {
  id: number
  /** 0 for the first message of a conversation. */
  parent: number
  /** True if a request sent the conversation that ends here. */
  isSent: boolean
  /** Names the conversation in every partition: the same for messages that differ only in what does not matter. */
  name: Buffer
}

/** Names conversations by their messages in normal form; 16 bytes of memory for each message and node. */
export function* normalNodes(db: Connection): Generator<NormalNode> {
  const messages = namesOfMessages(db)
  const nodes = new Names(Number(db.prepareValue('SELECT max(id) FROM z_node').get() ?? 0))
  for (const { id, parent, msg, isSent } of db.prepare<[], NodeRow>(NODES).iterate()) {
    const name = chainHash(parent === 0 ? NO_MESSAGES : nodes.get(parent), messages.get(msg))
    nodes.set(id, name)
    yield { id, parent, isSent: isSent === 1, name }
  }
}

interface NodeRow {
  id: number
  parent: number
  msg: number
  isSent: number
}

/** A node is made after the one that it continues. */
const NODES = `
  SELECT node.id, node.parent, node.msg, conv.tip IS NOT NULL AS isSent
  FROM z_node node LEFT JOIN z_conv conv ON conv.tip = node.id ORDER BY node.id`

/** Only messages that may have something to leave out are read; those in pieces mostly have. */
const MESSAGES = `
  SELECT id, substr(h, 1, ${HASH_BYTES}) AS h, CASE WHEN json = '' THEN (SELECT json FROM message WHERE id = msg.id)
    WHEN json NOT LIKE '{"content": "%' OR instr(json, 'null') OR instr(json, '[]')
    OR instr(json, '{}') OR instr(json, '""') OR instr(json, 'cache_control') OR instr(json, '"role": "system"')
    OR instr(json, '"role": "developer"') THEN json END AS json
  FROM z_msg msg`

function namesOfMessages(db: Connection): Names {
  const names = new Names(Number(db.prepareValue('SELECT max(id) FROM z_msg').get() ?? 0))
  for (const { id, h, json } of db.prepare<[], { id: number; h: Buffer; json: string | null }>(MESSAGES).iterate()) {
    names.set(id, json === null ? h : shortHash(normalMessage(json)))
  }
  return names
}

/** A name for each number. */
class Names {
  readonly #bytes: Buffer

  constructor(last: number) {
    this.#bytes = Buffer.alloc((last + 1) * HASH_BYTES)
  }

  get(number: number): Buffer {
    return this.#bytes.subarray(number * HASH_BYTES, (number + 1) * HASH_BYTES)
  }

  set(number: number, name: Buffer): void {
    name.copy(this.#bytes, number * HASH_BYTES)
  }
}

/** A request of the Responses API, which may continue the one with another answer instead of repeating it. */
export interface LinkedRequest {
  row: number
  tip: number | null
  answerId: string | null
  previousId: string | null
}

/** In the order of time. */
export function linkedRequests(db: Connection): LinkedRequest[] {
  return db.prepare<[], LinkedRequest>(LINKED).all()
}

/** `null` replaces the messages that were cut out. */
const LINKED = `
  WITH bodies (row, tip, ts, ts_us, request, response) AS (
    SELECT id, tip, ts, ts_us, req_head || CASE WHEN tip IS NULL THEN '' ELSE 'null' END || req_tail,
      resp_head || CASE WHEN resp_msg IS NULL THEN '' ELSE 'null' END || resp_tail
    FROM z_req WHERE endpoint LIKE '%/responses'
  )
  SELECT row, tip, CASE WHEN json_valid(response) THEN json_extract(response, '$.id') END AS answerId,
    CASE WHEN json_valid(request) THEN json_extract(request, '$.previous_response_id') END AS previousId
  FROM bodies ORDER BY ts, ts_us, row`
