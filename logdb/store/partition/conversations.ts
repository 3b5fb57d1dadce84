import type { PartitionFile } from '../folder/partition-files.ts'
import { type DamagedPartition, unlessDamaged } from '../sqlite/damage.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { hasHash } from '../tables/message-tables.ts'
import { chainHash } from './chain-hash.ts'
import { openPartition } from './open-partition.ts'

/** The last node of the shortest conversation that was sent in a partition and that others of it continue. */
export interface Root {
  tip: number
  h: Buffer
}

const NO_PARENT = 0
const NO_MESSAGES = Buffer.alloc(0)

/** Which conversations of a partition continue which; hashes (16 bytes) are the same in every partition. */
export class Conversations {
  /** Hashes by node, of conversations that roots begin with. */
  readonly #hashes = new Map<number, Buffer>()
  readonly #sql

  constructor(db: Connection) {
    this.#sql = prepare(db)
  }

  /** The conversation that the one of a request continues; undefined for a request without messages. */
  rootOf(requestId: string): Root | undefined {
    return this.#sql.rootOf.get(requestId)
  }

  /** Hashes of what a conversation begins with, the shortest first, without its own. */
  beginnings(tip: number): Buffer[] {
    let before: Buffer = NO_MESSAGES
    return this.#path(this.#sql.node.get(tip)?.parent ?? NO_PARENT).map(({ node, message }) => {
      before = this.#hashes.get(node) ?? chainHash(before, message)
      this.#hashes.set(node, before)
      return before
    })
  }

  /** Hashes of its messages. */
  messages(tip: number): Buffer[] {
    return this.#path(tip).map(({ message }) => message)
  }

  /** True if a request sent this conversation. */
  has(h: Buffer): boolean {
    return this.#sql.conversation.get({ h }) !== undefined
  }

  /** Ids of the requests whose conversation begins with these messages, in the order of time. */
  requestsFrom(messages: readonly Buffer[]): string[] {
    let node = NO_PARENT
    for (const message of messages) {
      const next = this.#sql.next.get({ parent: node, message })
      if (!next) return []
      node = next.id
    }
    return this.#sql.below.all(node)
  }

  #path(tip: number): { node: number; message: Buffer }[] {
    const path: { node: number; message: Buffer }[] = []
    for (let node = tip; node !== NO_PARENT; ) {
      const found = this.#sql.node.get(node)
      if (!found) break
      path.push({ node, message: found.message })
      node = found.parent
    }
    return path.reverse()
  }
}

/** Those of the wanted conversations that a request in one of the partitions sent, as hex of their hashes. @throws UserError */
export function conversationsSentIn(
  engine: SqliteEngine,
  partitions: readonly PartitionFile[],
  wanted: readonly Buffer[],
  damaged: DamagedPartition[],
): Set<string> {
  const sent = new Set<string>()
  const missing = new Map(wanted.map((h) => [h.toString('hex'), h]))
  for (const { path } of partitions) {
    if (missing.size === 0) break
    unlessDamaged(damaged, path, () => {
      using db = openPartition(engine, path)
      if (!db) return
      const conversations = new Conversations(db)
      for (const [hex, h] of missing) {
        if (!conversations.has(h)) continue
        sent.add(hex)
        missing.delete(hex)
      }
    })
  }
  return sent
}

function prepare(db: Connection) {
  return {
    rootOf: db.prepare<[string], Root>(`
      SELECT root.tip AS tip, root.h AS h FROM z_req req
      JOIN z_conv conv ON conv.tip = req.tip JOIN z_conv root ON root.tip = conv.conv_root WHERE req.request_id = ?`),
    node: db.prepare<[number], { parent: number; message: Buffer }>(
      'SELECT node.parent AS parent, msg.h AS message FROM z_node node JOIN z_msg msg ON msg.id = node.msg WHERE node.id = ?',
    ),
    next: db.prepare<[{ parent: number; message: Buffer }], { id: number }>(
      `SELECT id FROM z_node WHERE parent = @parent AND msg = (SELECT id FROM z_msg WHERE ${hasHash('h', '@message')})`,
    ),
    below: db.prepareValue<[number], string>(`
      WITH RECURSIVE below (node) AS (
        SELECT ? UNION ALL SELECT node.id FROM below JOIN z_node node ON node.parent = below.node AND node.parent <> 0
      )
      SELECT request_id FROM below CROSS JOIN z_req req ON req.tip = below.node ORDER BY ts, ts_us, request_id`),
    conversation: db.prepare<[{ h: Buffer }], { tip: number }>(`SELECT tip FROM z_conv WHERE ${hasHash('h', '@h')}`),
  }
}
