import type { Connection } from '../sqlite/engine.ts'

/** A conversation: a path in the tree of messages, by its last node. */
export interface Conversation {
  tip: number
  /** How many messages it has. */
  depth: number
  /** Last node of the shortest conversation that a request sent and this one begins with, if there is one. */
  root: number | undefined
}

/** The one without messages. */
export const NO_CONVERSATION: Conversation = { tip: 0, depth: 0, root: undefined }

/** Stores conversations as paths in a tree, and which of them continue which. To be used inside a transaction. */
export class ConversationTree {
  readonly #sql
  /** Changes when what is known of roots no longer holds. */
  version = 0
  /** The node that was added last; nothing continues it yet. */
  #newest = 0

  constructor(db: Connection) {
    this.#sql = prepare(db)
  }

  /** To be called when another process may have written meanwhile. */
  forgetNewest(): void {
    this.#newest = 0
  }

  /** The conversation that continues another one with a message. */
  extend({ tip: parent, depth, root }: Conversation, message: number): Conversation {
    const stored = parent !== 0 && parent === this.#newest ? undefined : this.#sql.find.get(parent, message)
    const tip = stored?.tip ?? this.#insert(parent, message, depth + 1)
    return { tip, depth: depth + 1, root: root ?? stored?.sent ?? undefined }
  }

  /**
   * Notes that a request sent this conversation. Longer ones that are already stored continue it from now on.
   * @param hash its name in every partition
   */
  send(conversation: Conversation, hash: Buffer): void {
    const { tip, root } = conversation
    const isNew = this.#sql.insertSent.run(tip, hash, root ?? tip).changes > 0
    if (!isNew || root !== undefined) return
    conversation.root = tip
    if (tip === this.#newest) return
    this.#sql.moveBelow.run({ tip })
    this.version++
  }

  #insert(parent: number, message: number, depth: number): number {
    this.#newest = Number(this.#sql.insert.run(parent, message, depth).lastInsertRowid)
    return this.#newest
  }
}

function prepare(db: Connection) {
  return {
    find: db.prepare<[number, number], { tip: number; sent: number | null }>(`
      SELECT node.id AS tip, conv.tip AS sent FROM z_node node LEFT JOIN z_conv conv ON conv.tip = node.id
      WHERE node.parent = ? AND node.msg = ?`),
    insert: db.prepare<[number, number, number]>('INSERT INTO z_node (parent, msg, depth) VALUES (?, ?, ?)'),
    insertSent: db.prepare<[number, Buffer, number]>(
      'INSERT INTO z_conv (tip, h, conv_root) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    moveBelow: db.prepare<[{ tip: number }]>(`
      WITH RECURSIVE below (node) AS (
        SELECT id FROM z_node WHERE parent = @tip AND parent <> 0
        UNION ALL
        SELECT node.id FROM below JOIN z_node node ON node.parent = below.node AND node.parent <> 0
        WHERE NOT EXISTS (SELECT 1 FROM z_conv conv WHERE conv.tip = below.node)
      )
      UPDATE z_conv AS conv SET conv_root = @tip
        WHERE (tip IN (SELECT node FROM below) OR (conv_root IN (SELECT node FROM below) AND conv_root <> tip)) AND conv_root <> @tip`),
  }
}
