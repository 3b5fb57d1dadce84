import type { PartitionFile } from '../../store/folder/partition-files.ts'
import { Conversations } from '../../store/partition/conversations.ts'
import { readPartition } from '../../store/partition/open-partition.ts'
import type { Connection, SqliteEngine } from '../../store/sqlite/open.ts'

const DIALOG_ID_DIGITS = 16

/** The dialog that begins with the conversation of this hash. */
const prefixDialogId = (h: Buffer) => `cnv-${h.toString('hex').slice(0, DIALOG_ID_DIGITS)}`

/**
 * The dialog of each conversation of a partition that others of it go on from, by its last node. It has the hash of
 * the shortest conversation that it begins with and an earlier partition knows, so it is the same in all of them.
 */
export function dialogsByRoot(engine: SqliteEngine, db: Connection, earlier: PartitionFile[]): Map<number, string> {
  const conversations = new Conversations(db)
  const roots = conversations.roots().map((root) => ({ ...root, beginnings: conversations.beginnings(root.tip) }))
  const wanted = roots.flatMap(({ beginnings }) => beginnings)
  const known = knownConversations(engine, earlier, wanted)
  return new Map(
    roots.map(({ tip, h, beginnings }) => {
      const first = beginnings.find((beginning) => known.has(beginning.toString('hex')))
      return [tip, prefixDialogId(first ?? h)]
    }),
  )
}

/** In hex, those of the wanted conversations that a request in one of the partitions sent. */
export function knownConversations(engine: SqliteEngine, partitions: PartitionFile[], wanted: Buffer[]): Set<string> {
  const known = new Set<string>()
  const missing = new Map(wanted.map((h) => [h.toString('hex'), h]))
  for (const { path } of partitions) {
    if (missing.size === 0) break
    readPartition(engine, path, (db) => {
      const conversations = new Conversations(db)
      for (const [hex, h] of missing) {
        if (!conversations.has(h)) continue
        known.add(hex)
        missing.delete(hex)
      }
    })
  }
  return known
}
