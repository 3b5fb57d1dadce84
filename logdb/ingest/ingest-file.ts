import type { LogFile } from '../sources/find.ts'
import { type Piece, readFrames } from '../sources/read-frames.ts'
import { openSource, type SourceFile, UnreadableSource } from '../sources/source-file.ts'
import type { Control, DayRange, Gap, Source } from '../store/control.ts'
import type { Retention } from '../store/retention.ts'
import { Batch, type BatchOptions } from './batch.ts'
import type { PartitionSet } from './partition-set.ts'
import { type RecognisedSource, recognise, tailAfter } from './recognise.ts'
import type { IngestReport } from './report.ts'

const MAX_QUARANTINED_SHOWN = 20

export interface IngestContext {
  control: Control
  partitions: PartitionSet
  days: DayRange
  serverId: string
  retention: Retention
  partitionOf(day: string): string
  report: IngestReport
  /** Ends the run after the batch that is being written. */
  signal: AbortSignal
  onProgress(report: IngestReport): void
}

/**
 * Reads what is new in a log file, and what earlier runs left out for its date. Partitions commit first and the position
 * after them, so a run may be killed anywhere: at most one batch is read again.
 * @throws UnreadableSource, UserError
 */
export async function ingestFile(file: LogFile, context: IngestContext): Promise<void> {
  const opened = await openSource(file.path)
  try {
    if (isFinished(opened, context)) return
    const recognised = await recognise(opened, context.control)
    if (recognised) await new FilePass(file, opened, recognised, context).run()
  } finally {
    await opened.close()
  }
}

/** True for a compressed file that was read to its end and of which no date is left to do. */
function isFinished(file: SourceFile, { control, days }: IngestContext): boolean {
  const id = file.isCompressed ? control.finishedSource(file.path, stampOf(file)) : undefined
  return id !== undefined && control.gaps(id, days).length === 0
}

function stampOf({ stats }: SourceFile): string {
  return [stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino].join(' ')
}

class FilePass {
  readonly #file: LogFile
  readonly #opened: SourceFile
  readonly #source: Source
  readonly #head: Buffer
  readonly #context: IngestContext
  readonly #batchOptions: BatchOptions
  #tail: Buffer
  #hasRecords = false

  constructor(file: LogFile, opened: SourceFile, { source, head, tail }: RecognisedSource, context: IngestContext) {
    this.#file = file
    this.#opened = opened
    this.#source = source
    this.#head = head
    this.#tail = tail
    this.#context = context
    const { days, serverId, retention, partitionOf } = context
    this.#batchOptions = { format: file.format, days, serverId, retention, partitionOf }
  }

  async run(): Promise<void> {
    const { control, days, report, signal } = this.#context
    for (const gap of control.gaps(this.#source.id, days)) await this.#readGap(gap)
    const end = await this.#readTail()
    if (this.#hasRecords) report.filesIngested++
    if (signal.aborted) return
    const pending = this.#opened.isCompressed ? 0 : Math.max(0, this.#opened.stats.size - end)
    report.bytesPending += pending
    const mtimeS = this.#mtimeS
    control.finishPass(this.#source.id, this.#file.path, { head: this.#head, pending, mtimeS })
    if (this.#opened.isCompressed) control.markFinished(this.#file.path, stampOf(this.#opened), this.#source.id)
  }

  /** Reads on where the last run stopped; returns where this one did. */
  async #readTail(): Promise<number> {
    const { control, signal } = this.#context
    let batch = new Batch(this.#source.offset, this.#batchOptions)
    const commit = () => {
      if (batch.isEmpty) return
      this.#writeRows(batch)
      control.advance(this.#source.id, batch, this.#tail)
      batch = new Batch(batch.to, this.#batchOptions)
    }
    try {
      for await (const piece of readFrames(this.#opened, this.#file.format, batch.from)) {
        this.#add(batch, piece)
        this.#tail = tailAfter(this.#tail, piece.bytes)
        if (batch.isFull) commit()
        if (signal.aborted) break
      }
    } catch (error) {
      if (error instanceof UnreadableSource) commit() // a damaged archive: what stands before the damage is good
      throw error
    }
    commit()
    return batch.from
  }

  async #readGap(whole: Gap): Promise<void> {
    const { control, signal } = this.#context
    let gap = whole
    let batch = new Batch(gap.start, this.#batchOptions)
    const commit = () => {
      this.#writeRows(batch)
      control.shrinkGap(this.#source.id, gap, batch)
      gap = { ...gap, start: batch.to }
      batch = new Batch(batch.to, this.#batchOptions)
    }
    for await (const piece of readFrames(this.#opened, this.#file.format, gap.start)) {
      if (signal.aborted || piece.start >= whole.end) break
      this.#add(batch, clipped(piece, whole.end))
      if (batch.isFull) commit()
    }
    if (!batch.isEmpty) commit()
  }

  #add(batch: Batch, piece: Piece): void {
    this.#context.report.bytesRead += piece.bytes.length
    batch.add(piece)
  }

  #writeRows(batch: Batch): void {
    const { partitions, report } = this.#context
    for (const [path, rows] of batch.rows) {
      const endOffset = Math.max(batch.to, this.#source.offset)
      const position = { key: this.#source.key, path: this.#file.path, mtimeS: this.#mtimeS, endOffset }
      const outcomes = partitions.get(path).write(rows, position)
      for (const [index, outcome] of outcomes.entries()) {
        const length = rows[index]?.length ?? 0
        if (outcome === 'duplicate') batch.ledger.duplicate += length
        else batch.ledger.ingested += length
        if (outcome === 'inserted') report.rowsInserted++
        else report.rowsDuplicate++
      }
    }
    this.#count(batch)
    this.#context.onProgress(report)
  }

  #count(batch: Batch): void {
    const { report } = this.#context
    if (batch.rows.size > 0 || batch.quarantined.length > 0) this.#hasRecords = true
    report.recordsFiltered += batch.filteredRecords
    report.recordsQuarantined += batch.quarantined.length
    for (const { offset, bytes, reason } of batch.quarantined) {
      if (report.quarantined.length >= MAX_QUARANTINED_SHOWN) break
      report.quarantined.push({ path: this.#file.path, offset, length: bytes.length, reason })
    }
  }

  get #mtimeS(): number {
    return Math.floor(this.#opened.stats.mtimeMs / 1000)
  }
}

/** A last newline may have come after the record was first read. */
function clipped(piece: Piece, end: number): Piece {
  return piece.end <= end ? piece : { ...piece, end, bytes: piece.bytes.subarray(0, end - piece.start) }
}
