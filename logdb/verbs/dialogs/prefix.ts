import type { PartitionFile } from '../../store/folder/partition-files.ts'
import { type GroupableRequest, linkedRequests, normalNodes } from '../../store/partition/dialogs.ts'
import { openPartition } from '../../store/partition/open-partition.ts'
import { unlessDamaged } from '../../store/sqlite/damage.ts'
import type { Connection, SqliteEngine } from '../../store/sqlite/engine.ts'

const DIALOG_ID_DIGITS = 16
const KEY_BYTES = 12

/** The dialog that begins with the conversation of this name. */
function prefixDialogId(name: Buffer): string {
  return `cnv-${name.toString('hex').slice(0, DIALOG_ID_DIGITS)}`
}

/** A short form of a name, for sets of many. */
function keyOf(name: Buffer): string {
  return name.toString('latin1', 0, KEY_BYTES)
}

/**
 * Finds the dialog of each request: it has the name of the shortest conversation that the request's begins with and that a
 * request of any partition sent. So it is the same whenever, and in whatever order, days are read and assigned.
 */
export class PrefixDialogs {
  readonly #sent = new Set<string>()
  /** Dialogs by the ids of answers, for requests that name the answer which they continue. */
  readonly #ofAnswers = new Map<string, string>()

  /** @param all partitions in the order of time; damaged ones are left out */
  constructor(engine: SqliteEngine, all: readonly PartitionFile[]) {
    const linked: PartitionFile[] = []
    eachOf(engine, all, (db, file) => {
      for (const { isSent, name } of normalNodes(db)) if (isSent) this.#sent.add(keyOf(name))
      if (linkedRequests(db).length > 0) linked.push(file)
    })
    eachOf(engine, linked, (db) => this.#link(db))
  }

  /** The function that gives the dialog of a request of this partition. */
  in(db: Connection): (request: GroupableRequest) => string | null {
    const byTip = this.#byTip(db)
    const linked = new Map(linkedRequests(db).map(({ row, previousId }) => [row, previousId]))
    return ({ row, tip }) => this.#ofAnswers.get(linked.get(row) ?? '') ?? byTip.get(tip ?? 0) ?? null
  }

  /** An answer continues the dialog of its request. */
  #link(db: Connection): void {
    const byTip = this.#byTip(db)
    for (const { tip, answerId, previousId } of linkedRequests(db)) {
      const dialog = this.#ofAnswers.get(previousId ?? '') ?? byTip.get(tip ?? 0)
      if (answerId !== null && dialog !== undefined) this.#ofAnswers.set(answerId, dialog)
    }
  }

  /** Dialogs by the last nodes of conversations. */
  #byTip(db: Connection): Map<number, string> {
    const found = new Map<number, string>()
    for (const { id, parent, name } of normalNodes(db)) {
      const known = found.get(parent)
      if (known !== undefined) found.set(id, known)
      else if (this.#sent.has(keyOf(name))) found.set(id, prefixDialogId(name))
    }
    return found
  }
}

function eachOf(
  engine: SqliteEngine,
  files: readonly PartitionFile[],
  read: (db: Connection, file: PartitionFile) => void,
): void {
  for (const file of files) {
    unlessDamaged([], file.path, () => {
      using db = openPartition(engine, file.path)
      if (db) read(db, file)
    })
  }
}
