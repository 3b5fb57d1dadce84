import { chainHash } from './chain-hash.ts'
import type { Connection } from './sqlite.ts'

/** The last node of the shortest conversation that was sent in a partition and others of it go on from. */
export interface Root {
  tip: number
  h: Buffer
}

const NO_MESSAGES = Buffer.alloc(0)

/** Which conversations of a partition go on from which; hashes (16 bytes) are the same in every partition. */
export class Conversations {
  /** Hashes by node, of conversations that roots begin with. */
  readonly #hashes = new Map<number, Buffer>()
  readonly #sql

  constructor(db: Connection) {
    this.#sql = prepare(db)
  }

  roots(): Root[] {
    return this.#sql.roots.all()
  }

  /** Hashes of what a conversation begins with, the shortest first, without its own. */
  beginnings(tip: number): Buffer[] {
    const path: { node: number; message: Buffer }[] = []
    for (let node = this.#sql.node.get(tip)?.parent ?? 0; node !== 0; ) {
      const found = this.#sql.node.get(node)
      if (!found) break
      path.unshift({ node, message: found.message })
      node = found.parent
    }
    let before: Buffer = NO_MESSAGES
    return path.map(({ node, message }) => {
      before = this.#hashes.get(node) ?? chainHash(before, message)
      this.#hashes.set(node, before)
      return before
    })
  }

  /** True if a request sent this conversation. */
  has(h: Buffer): boolean {
    return this.#sql.conversation.get(h) !== undefined
  }
}

function prepare(db: Connection) {
  return {
    roots: db.prepare<[], Root>('SELECT tip, h FROM conv WHERE tip = conv_root'),
    node: db.prepare<[number], { parent: number; message: Buffer }>(
      'SELECT node.parent AS parent, msg.h AS message FROM node JOIN msg ON msg.id = node.msg WHERE node.id = ?',
    ),
    conversation: db.prepare<[Buffer], { tip: number }>('SELECT tip FROM conv WHERE h = ?'),
  }
}
