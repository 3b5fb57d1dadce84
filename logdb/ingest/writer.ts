import type { Control } from '../store/control/control.ts'
import type { Source } from '../store/control/sources.ts'
import type { Gap } from '../store/control/stretches.ts'
import type { Partition } from '../store/rows/partition.ts'
import type { PartitionSet } from '../store/rows/partition-set.ts'
import { Session } from '../store/rows/session.ts'
import type { Packet } from './reading/packets.ts'
import type { IngestReport } from './report.ts'

const MAX_UNCOMMITTED_BYTES = 8 * 1024 * 1024
const MAX_UNCOMMITTED_ROWS = 2000
const MAX_UNCOMMITTED_MS = 2000
const MAX_QUARANTINED_SHOWN = 20

/** What a packet was read from. */
export interface Stretch {
  source: Source
  /** Undefined for what follows the source's position. */
  gap: Gap | undefined
  path: string
  mtimeS: number
}

/**
 * Puts packets into the partitions, and what they mean for their source into control.sqlite3. Commits when enough has come
 * together: the partitions first, so that control.sqlite3 is never ahead of them.
 */
export class Writer {
  readonly #control: Control
  readonly #partitions: PartitionSet<Partition>
  readonly #report: IngestReport
  readonly #onCommit: (doneBytes: number) => void
  readonly #sessions = new Map<object, Map<number, Session>>()
  /** Bytes of files that were read. */
  #doneBytes = 0
  #uncommittedBytes = 0
  #uncommittedRows = 0
  #committedAtMs = performance.now()

  constructor(
    control: Control,
    partitions: PartitionSet<Partition>,
    report: IngestReport,
    onCommit: (doneBytes: number) => void,
  ) {
    this.#control = control
    this.#partitions = partitions
    this.#report = report
    this.#onCommit = onCommit
  }

  /** Writes a packet of this reader; there may be several readers. @throws UserError */
  add(packet: Packet, stretch: Stretch, reader: object): void {
    for (const group of packet.groups) {
      if (this.#partitions.mustCloseFor(group.path)) this.commit()
      this.#addRows(packet, group, stretch, this.#session(reader, group.session))
    }
    for (const number of packet.endedSessions) this.#sessionsOf(reader).delete(number)
    this.#advance(packet, stretch)
    this.#count(packet, stretch)
    this.#doneBytes += packet.inputBytes
    this.#uncommittedBytes += packet.bytes.length
    if (this.#isFull) this.commit()
  }

  /** Makes sure that what was written lasts. @throws UserError */
  commit(): void {
    this.#partitions.commit()
    this.#control.commit()
    this.#uncommittedBytes = 0
    this.#uncommittedRows = 0
    this.#committedAtMs = performance.now()
    this.#onCommit(this.#doneBytes)
  }

  get #isFull(): boolean {
    if (this.#uncommittedBytes >= MAX_UNCOMMITTED_BYTES || this.#uncommittedRows >= MAX_UNCOMMITTED_ROWS) return true
    return performance.now() - this.#committedAtMs >= MAX_UNCOMMITTED_MS
  }

  #addRows(packet: Packet, group: Packet['groups'][number], { source, path, mtimeS }: Stretch, session: Session): void {
    const position = { key: source.key, path, mtimeS, endOffset: Math.max(packet.to, source.offset) }
    const written = this.#partitions.get(group.path).write(group, packet.bytes, session, position)
    packet.ledger.ingested += written.ingestedBytes
    packet.ledger.duplicate += written.duplicateBytes
    this.#report.rowsInserted += written.inserted
    this.#report.rowsDuplicate += written.known
    this.#report.rowsRestored += written.restored
    if (written.inserted > 0) this.#control.notePartition(group.path)
    this.#uncommittedRows += written.inserted + written.known + written.restored
  }

  #advance(packet: Packet, { source, gap }: Stretch): void {
    if (gap) {
      this.#control.sources.shrinkGap(source.id, gap, packet)
      gap.start = packet.to
    } else {
      this.#control.sources.advance(source.id, packet, packet.tail)
      source.offset = packet.to
    }
  }

  #count({ from, to, filteredRecords, retainedRecords, quarantined }: Packet, { path }: Stretch): void {
    const report = this.#report
    report.bytesRead += to - from
    report.recordsFiltered += filteredRecords
    report.recordsRetained += retainedRecords
    report.recordsQuarantined += quarantined.length
    for (const { offset, length, reason } of quarantined) {
      if (report.quarantined.length >= MAX_QUARANTINED_SHOWN) break
      report.quarantined.push({ path, offset, length, reason })
    }
  }

  #session(reader: object, number: number): Session {
    const sessions = this.#sessionsOf(reader)
    const session = sessions.get(number) ?? new Session()
    sessions.set(number, session)
    return session
  }

  #sessionsOf(reader: object): Map<number, Session> {
    const sessions = this.#sessions.get(reader) ?? new Map<number, Session>()
    this.#sessions.set(reader, sessions)
    return sessions
  }
}
