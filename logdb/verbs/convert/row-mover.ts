import { isoDay } from '../../../kit/time.ts'
import { addConverted } from '../../ingest/reading/converted-rows.ts'
import { Rows } from '../../ingest/reading/rows.ts'
import { REMOVED_BODY } from '../../record/body.ts'
import type { PredecessorRow } from '../../record/predecessor-row.ts'
import type { LogdbSettings } from '../../settings.ts'
import type { Retention } from '../../store/control/retention.ts'
import { partitionFor } from '../../store/folder/partition-files.ts'
import type { ServerIdentity } from '../../store/folder/server-id.ts'
import type { PredecessorDatabase } from '../../store/predecessor/predecessor-database.ts'
import { ConvertedPartition } from '../../store/rows/converted-partition.ts'
import { PartitionSet } from '../../store/rows/partition-set.ts'
import type { RowGroup } from '../../store/rows/row-group.ts'
import { Session } from '../../store/rows/session.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'

const MAX_KNOWN_BYTES = 16 * 1024 * 1024
const MAX_PACKED_BYTES = 4 * 1024 * 1024
const MAX_PACKED_ROWS = 2000

export interface RowMoverOptions {
  /** Folder of the log database. */
  out: string
  settings: LogdbSettings
  /** The first days whose rows, and whose bodies, are taken over. */
  retention: Retention
}

/** What became of the rows of a database of the predecessor. */
export interface MovedRows {
  inserted: number
  /** The id of the first row that does not read the same in its partition; what follows it was not moved. */
  differing: string | undefined
}

/** Puts the rows of a database into partitions, and compares each of them afterwards. @throws UserError */
export function moveRows(engine: SqliteEngine, old: PredecessorDatabase, options: RowMoverOptions): MovedRows {
  let inserted = 0
  for (const server of old.servers()) {
    const mover = new RowMover(engine, server, options)
    try {
      inserted += mover.move(old.rowsOf(server.serverId))
      const differing = mover.firstDiffering(old.rowsOf(server.serverId))
      if (differing !== undefined) return { inserted, differing }
    } finally {
      mover.close()
    }
  }
  return { inserted, differing: undefined }
}

/** Puts rows of one server into partitions. */
class RowMover {
  readonly #partitions: PartitionSet<ConvertedPartition>
  readonly #rows: Rows
  readonly #partitionOf: (day: string) => string
  readonly #retention: Retention
  readonly #sessions = new Map<number, Session>()
  /** The dialogs of the rows that are packed, by their ids. */
  #dialogs: { row: PredecessorRow; dialogId: string }[] = []

  /** @param server the one that wrote the rows */
  constructor(engine: SqliteEngine, server: ServerIdentity, { out, settings, retention }: RowMoverOptions) {
    this.#retention = retention
    const options = { server, isTextIndexed: settings.isTextIndexEnabled }
    this.#partitions = new PartitionSet((path) => new ConvertedPartition(engine, path, options))
    this.#partitionOf = (day) => partitionFor(out, day, settings.granularity)
    const { serverId } = server
    this.#rows = new Rows({ serverId, partitionOf: this.#partitionOf, maxKnownBytes: MAX_KNOWN_BYTES })
  }

  close(): void {
    this.#partitions.close()
  }

  /** Returns how many of the rows are new. @throws UserError */
  move(rows: Iterable<PredecessorRow>): number {
    let inserted = 0
    for (const row of this.#retained(rows)) {
      addConverted(this.#rows, row)
      if (row.dialogId) this.#dialogs.push({ row, dialogId: row.dialogId })
      const { rowCount, sizeBytes } = this.#rows
      if (rowCount >= MAX_PACKED_ROWS || sizeBytes >= MAX_PACKED_BYTES) inserted += this.#write()
    }
    return inserted + this.#write()
  }

  /** The id of the first row that does not read the same in its partition. @throws UserError */
  firstDiffering(rows: Iterable<PredecessorRow>): string | undefined {
    for (const row of this.#retained(rows)) {
      if (!this.#open(this.#pathOf(row)).accountsFor(row)) return row.requestId
    }
    return undefined
  }

  /** Without what is too old to be kept. */
  *#retained(rows: Iterable<PredecessorRow>): Generator<PredecessorRow> {
    const { metadata, bodies } = this.#retention
    for (const row of rows) {
      const day = dayOf(row)
      if (day < metadata) continue
      if (day >= bodies) yield row
      else yield { ...row, requestJson: REMOVED_BODY, responseJson: REMOVED_BODY }
    }
  }

  #write(): number {
    const { groups, endedSessions, bytes } = this.#rows.take()
    const written = groups.map((group) => this.#writeGroup(group, bytes))
    for (const { row, dialogId } of this.#dialogs) {
      this.#open(this.#pathOf(row)).keepDialog(row.requestId, dialogId)
    }
    this.#dialogs = []
    this.#partitions.commit()
    for (const number of endedSessions) this.#sessions.delete(number)
    return written.reduce((sum, inserted) => sum + inserted, 0)
  }

  #writeGroup(group: RowGroup, bytes: Buffer): number {
    const session = this.#sessions.get(group.session) ?? new Session()
    this.#sessions.set(group.session, session)
    return this.#open(group.path).write(group, bytes, session, undefined).inserted
  }

  #open(path: string): ConvertedPartition {
    if (this.#partitions.mustCloseFor(path)) this.#partitions.commit()
    return this.#partitions.get(path)
  }

  #pathOf(row: PredecessorRow): string {
    return this.#partitionOf(dayOf(row))
  }
}

function dayOf({ ts }: PredecessorRow): string {
  return isoDay(ts * 1000)
}
