import { chainHash } from './chain-hash.ts'
import type { StoredMessage } from './message-store.ts'
import { remember } from './remember.ts'
import type { Connection } from './sqlite.ts'

const NO_PARENT = 0
const NO_MESSAGES = Buffer.alloc(0)

/** A conversation: a path in the tree of messages, by its last node. */
interface Conversation {
  tip: number
  /** Names it in every partition. */
  h: Buffer
  /** Last node of the shortest conversation that a request sent and this one begins with. */
  root: number | undefined
}

const NONE: Conversation = { tip: NO_PARENT, h: NO_MESSAGES, root: undefined }

/** Keeps conversations as paths in a tree, and which of them go on from which. To be used inside a transaction. */
export class ConversationStore {
  readonly #known = new Map<string, Conversation>()
  /** The node that was added last; nothing goes on from it yet. */
  #newest = NO_PARENT
  readonly #sql

  constructor(db: Connection) {
    this.#sql = prepare(db)
  }

  /** The last node of a conversation that a request sent. */
  add(messages: readonly StoredMessage[]): number {
    const sent = messages.reduce((before, message, index) => this.#after(before, message, index + 1), NONE)
    if (this.#sql.insertSent.run(sent.tip, sent.h, sent.root ?? sent.tip).changes > 0 && sent.root === undefined) {
      this.#becomeRoot(sent)
    }
    return sent.tip
  }

  /** To be called after a rollback, when nothing that was remembered is certain. */
  forget(): void {
    this.#known.clear()
  }

  #after(before: Conversation, { id, digest }: StoredMessage, depth: number): Conversation {
    const key = `${before.tip} ${id}`
    const known = this.#known.get(key)
    if (known) return known
    const stored = this.#sql.find.get(before.tip, id)
    const tip = stored?.tip ?? this.#insert(before.tip, id, depth)
    const root = before.root ?? stored?.sent ?? undefined
    const found = { tip, h: chainHash(before.h, digest), root }
    remember(this.#known, key, found)
    return found
  }

  #insert(parent: number, message: number, depth: number): number {
    this.#newest = Number(this.#sql.insert.run(parent, message, depth).lastInsertRowid)
    return this.#newest
  }

  /** Longer conversations that were stored before it now go on from this one. */
  #becomeRoot(sent: Conversation): void {
    sent.root = sent.tip
    if (sent.tip === this.#newest) return
    this.#sql.moveBelow.run({ tip: sent.tip })
    this.#known.clear()
  }
}

function prepare(db: Connection) {
  return {
    find: db.prepare<[number, number], { tip: number; sent: number | null }>(`
      SELECT node.id AS tip, conv.tip AS sent FROM node LEFT JOIN conv ON conv.tip = node.id
      WHERE node.parent = ? AND node.msg = ?`),
    insert: db.prepare<[number, number, number]>('INSERT INTO node (parent, msg, depth) VALUES (?, ?, ?)'),
    insertSent: db.prepare<[number, Buffer, number]>(
      'INSERT INTO conv (tip, h, conv_root) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    ),
    moveBelow: db.prepare<[{ tip: number }]>(`
      WITH RECURSIVE below (node) AS (
        SELECT id FROM node WHERE parent = @tip
        UNION ALL
        SELECT node.id FROM below JOIN node ON node.parent = below.node
        WHERE NOT EXISTS (SELECT 1 FROM conv WHERE conv.tip = below.node)
      )
      UPDATE conv SET conv_root = @tip WHERE conv_root IN (SELECT node FROM below) AND conv_root <> @tip`),
  }
}
