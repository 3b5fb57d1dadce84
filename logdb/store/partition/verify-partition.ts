import { createHash } from 'node:crypto'
import { sha256 } from '../../../kit/sha256.ts'
import { counted } from '../../counted.ts'
import { REMOVED_BODY } from '../../record/body.ts'
import { parseTimestamp } from '../../record/timestamp.ts'
import { wrongHours } from '../rollups/rollups.ts'
import type { Connection } from '../sqlite/engine.ts'
import { hasTextIndex, isIndexAhead, unindexedMessages } from '../text-index/text-index.ts'
import { wrongIndexes } from '../text-index/verify-index.ts'
import { chainHash, HASH_BYTES } from './chain-hash.ts'
import { hasUnfinishedErasure } from './erase.ts'

/** What was found in a partition. */
export interface PartitionCheck {
  rows: number
  /** Messages that the text index does not know; absent without an index. */
  unindexed?: number
  /** In words; empty if there are none. */
  problems: string[]
}

/** How many rows have an id that can be recomputed. */
export interface DeepCheck {
  /** The id follows from the stored data. */
  proven: number
  /** The id cannot be recomputed: the bodies were removed, or the row was converted from a database of the predecessor. */
  removed: number
  converted: number
  problems: string[]
}

const MAX_PROBLEMS = 20
const MS_PER_HOUR = 3_600_000

/** Checks the file itself and what its rows refer to. */
export function checkPartition(db: Connection): PartitionCheck {
  const found = db.prepareValue<[], string>(`PRAGMA integrity_check(${MAX_PROBLEMS})`).all()
  const damage = found.filter((text) => text !== 'ok')
  const rows = Number(db.prepareValue('SELECT count(*) FROM z_req').get())
  const problems = [...damage, ...(damage.length === 0 ? danglingReferences(db) : [])]
  if (hasTextIndex(db) && isIndexAhead(db)) problems.push('the text index takes missing messages for known')
  if (damage.length === 0) problems.push(...wrongFigures(db))
  if (hasUnfinishedErasure(db)) problems.push('deleted bytes may remain in the file: run forget or retain again')
  return { rows, problems, ...(hasTextIndex(db) ? { unindexed: unindexedMessages(db) } : {}) }
}

function wrongFigures(db: Connection): string[] {
  const hours = wrongHours(db)
  const [first] = hours
  if (first === undefined) return []
  const time = new Date(first * MS_PER_HOUR).toISOString()
  return [`${counted(hours.length, 'hours')} whose figures do not match the requests, first that of ${time}`]
}

function danglingReferences(db: Connection): string[] {
  return REFERENCES.flatMap(({ what, sql }) => {
    const count = Number(db.prepareValue(`SELECT count(*) ${sql}`).get())
    return count === 0 ? [] : [counted(count, what)]
  })
}

const REFERENCES = [
  {
    what: 'requests whose conversation is missing',
    sql: 'FROM z_req WHERE tip IS NOT NULL AND tip NOT IN (SELECT id FROM z_node)',
  },
  {
    what: 'requests whose answer is missing',
    sql: 'FROM z_req WHERE resp_msg IS NOT NULL AND resp_msg NOT IN (SELECT id FROM z_msg)',
  },
  {
    what: 'requests whose shared part is missing',
    sql: `FROM z_req_row WHERE kind NOT IN (SELECT id FROM z_req_kind)
      OR sent NOT IN (SELECT id FROM z_req_frame) OR answered NOT IN (SELECT id FROM z_req_frame)`,
  },
  { what: 'conversations without a message', sql: 'FROM z_node WHERE msg NOT IN (SELECT id FROM z_msg)' },
  {
    what: 'conversations whose beginning is missing',
    sql: 'FROM z_node WHERE parent <> 0 AND parent NOT IN (SELECT id FROM z_node)',
  },
  {
    what: 'conversations whose length does not match the beginning',
    sql: 'FROM z_node node LEFT JOIN z_node before ON before.id = node.parent WHERE node.depth <> COALESCE(before.depth, 0) + 1',
  },
  { what: 'requests of a log without a time stamp', sql: 'FROM z_req WHERE timestamp IS NULL AND src IS NOT NULL' },
  {
    what: 'unknown conversations that a request sent',
    sql: 'FROM z_req WHERE tip IS NOT NULL AND tip NOT IN (SELECT tip FROM z_conv)',
  },
  { what: 'conversations whose root is unknown', sql: 'FROM z_conv WHERE conv_root NOT IN (SELECT tip FROM z_conv)' },
  { what: 'texts whose message is missing', sql: 'FROM z_msg_first WHERE msg NOT IN (SELECT id FROM z_msg)' },
  {
    what: 'missing texts of other messages',
    sql: 'FROM z_msg_form WHERE text NOT IN (SELECT msg FROM z_msg_first)',
  },
  {
    what: 'missing pieces of messages',
    sql: 'FROM z_msg_piece WHERE msg NOT IN (SELECT id FROM z_msg) OR text NOT IN (SELECT id FROM z_msg)',
  },
  { what: 'texts without a request', sql: 'FROM z_msg_first WHERE req NOT IN (SELECT id FROM z_req)' },
]

/** Recomputes every hash: ids of requests from the bodies as the view gives them, names of messages and conversations. */
export function checkDeeply(db: Connection): DeepCheck {
  const check: DeepCheck = { proven: 0, removed: 0, converted: 0, problems: [] }
  for (const row of db.prepare<[], DeepRow>(DEEP_ROWS).iterate()) {
    const kind = kindOf(row)
    if (kind !== 'converted' && !isTimeRight(row)) {
      check.problems.push(`request ${row.id} has another time than its time stamp`)
    }
    if (kind === 'wrong')
      check.problems.push(`request ${row.id} is not what was logged: its id does not follow from the stored data`)
    else check[kind]++
    if (check.problems.length >= MAX_PROBLEMS) return check
  }
  check.problems.push(...wrongMessages(db), ...wrongConversations(db), ...(hasTextIndex(db) ? wrongIndexes(db) : []))
  return check
}

function isTimeRight({ timestamp, ts, tsUs }: DeepRow): boolean {
  const instant = parseTimestamp(timestamp ?? '')
  return instant?.epochS === ts && instant.epochUs === tsUs
}

interface DeepRow {
  id: string
  serverId: string
  timestamp: string | null
  ts: number
  tsUs: number | null
  endpoint: string
  request: string
  response: string
  xRequestId: string | null
}

const DEEP_ROWS = `
  SELECT request_id AS id, server_id AS serverId, timestamp, ts, ts_us AS tsUs, endpoint, request_json AS request, response_json AS response,
    x_request_id AS xRequestId
  FROM request_details`

function kindOf({ id, serverId, timestamp, endpoint, request, response, xRequestId }: DeepRow) {
  if (timestamp === null) return 'converted'
  const parts = [serverId, timestamp, endpoint, sha256(request), sha256(response), ...(xRequestId ? [xRequestId] : [])]
  if (sha256(parts.join('|')) === id) return 'proven'
  return request === REMOVED_BODY && response === REMOVED_BODY ? 'removed' : 'wrong'
}

const MESSAGES = 'SELECT msg.id, msg.h, message.json FROM z_msg msg JOIN message ON message.id = msg.id'

function wrongMessages(db: Connection): string[] {
  const problems: string[] = []
  const messages = db.prepare<[], { id: number; h: Buffer; json: string }>(MESSAGES)
  for (const { id, h, json } of messages.iterate()) {
    const digest = createHash('sha256').update(json).digest()
    if (!digest.subarray(0, h.length).equals(h)) problems.push(`message ${id} does not match its hash`)
    if (problems.length >= MAX_PROBLEMS) break
  }
  return problems
}

/** Compares hashes and roots of conversations with the tree of messages. */
function wrongConversations(db: Connection): string[] {
  db.defineFunction('chain_hash', chainHash)
  const { hashes, roots } = db.prepare<[], { hashes: number; roots: number }>(WRONG_CONVERSATIONS).get() ?? NONE_WRONG
  return [
    ...(hashes > 0 ? [`${counted(hashes, 'conversations')} with a hash that does not match`] : []),
    ...(roots > 0 ? [`${counted(roots, 'conversations')} whose root does not match the messages`] : []),
  ]
}

const NONE_WRONG = { hashes: 0, roots: 0 }
const WRONG_CONVERSATIONS = `
  WITH RECURSIVE path (node, h, root) AS (
    SELECT node.id, chain_hash(x'', substr(msg.h, 1, ${HASH_BYTES})), conv.tip
    FROM z_node node JOIN z_msg msg ON msg.id = node.msg LEFT JOIN z_conv conv ON conv.tip = node.id WHERE node.parent = 0
    UNION ALL
    SELECT node.id, chain_hash(path.h, substr(msg.h, 1, ${HASH_BYTES})), COALESCE(path.root, conv.tip)
    FROM path JOIN z_node node ON node.parent = path.node AND node.parent <> 0 JOIN z_msg msg ON msg.id = node.msg LEFT JOIN z_conv conv ON conv.tip = node.id
  )
  SELECT COALESCE(sum(conv.h <> path.h), 0) AS hashes, COALESCE(sum(conv.conv_root <> path.root), 0) AS roots
  FROM z_conv conv JOIN path ON path.node = conv.tip`
