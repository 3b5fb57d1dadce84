import type { PartitionFile } from '../../store/folder/partition-files.ts'
import { Conversations, conversationsSentIn } from '../../store/partition/conversations.ts'
import type { Connection, SqliteEngine } from '../../store/sqlite/engine.ts'

const DIALOG_ID_DIGITS = 16

/** The dialog that begins with the conversation of this hash. */
function prefixDialogId(h: Buffer): string {
  return `cnv-${h.toString('hex').slice(0, DIALOG_ID_DIGITS)}`
}

/**
 * The dialog of each conversation of a partition that others of it continue, by its last node. It has the hash of the
 * shortest conversation that it begins with and that an earlier partition knows, so it is the same in all of them.
 */
export function dialogsByRoot(engine: SqliteEngine, db: Connection, earlier: PartitionFile[]): Map<number, string> {
  const conversations = new Conversations(db)
  const roots = conversations.roots().map((root) => ({ ...root, beginnings: conversations.beginnings(root.tip) }))
  const wanted = roots.flatMap(({ beginnings }) => beginnings)
  const known = conversationsSentIn(engine, earlier, wanted)
  return new Map(
    roots.map(({ tip, h, beginnings }) => {
      const first = beginnings.find((beginning) => known.has(beginning.toString('hex')))
      return [tip, prefixDialogId(first ?? h)]
    }),
  )
}
