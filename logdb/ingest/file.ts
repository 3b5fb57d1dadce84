import { setImmediate } from 'node:timers/promises'
import type { DayRange } from '../days.ts'
import type { LogFile } from '../sources/find.ts'
import { closeSource, openSource, type SourceFile, stampOf } from '../sources/source-file.ts'
import type { Control } from '../store/control/control.ts'
import type { Source } from '../store/control/sources.ts'
import type { Gap } from '../store/control/stretches.ts'
import type { PacketReader } from './reading/source-reader.ts'
import { type RecognisedSource, recognise } from './recognise.ts'
import type { IngestReport } from './report.ts'
import type { Writer } from './writer.ts'

export interface IngestContext {
  control: Control
  writer: Writer
  days: DayRange
  report: IngestReport
  /** Ends the run after what has been written. */
  signal: AbortSignal
  /** The reader for a job of this many bytes. */
  readerFor(sizeBytes: number): PacketReader
  /** Sources that are being read. */
  busy: Set<number>
}

/**
 * Reads what is new in a log file, and what earlier runs left out for its date. False if the same content is being read
 * from another file: then it has to be looked at again later. @throws UnreadableSource, UserError
 */
export async function ingestFile(file: LogFile, context: IngestContext): Promise<boolean> {
  const opened = openSource(file.path)
  try {
    if (isFinished(opened, context)) return true
    const recognised = await recognise(opened, context.control.sources)
    if (!recognised) return true
    return await whileBusy(recognised.source.id, context, () => new FilePass(file, opened, recognised, context).run())
  } finally {
    closeSource(opened)
  }
}

/** False, without doing the work, if the source is busy already. */
async function whileBusy(sourceId: number, { busy }: IngestContext, work: () => Promise<void>): Promise<boolean> {
  if (busy.has(sourceId)) return false
  busy.add(sourceId)
  try {
    await work()
    return true
  } finally {
    busy.delete(sourceId)
  }
}

/** True for a compressed file that was read to its end, without gaps of these days. */
function isFinished(file: SourceFile, { control, days }: IngestContext): boolean {
  const id = file.compression ? control.finishedFiles.sourceOf(file.path, stampOf(file)) : undefined
  return id !== undefined && control.sources.gaps(id, days).length === 0
}

class FilePass {
  readonly #file: LogFile
  readonly #opened: SourceFile
  readonly #source: Source
  readonly #head: Buffer
  readonly #context: IngestContext
  #hasRecords = false

  constructor(file: LogFile, opened: SourceFile, { source, head }: RecognisedSource, context: IngestContext) {
    this.#file = file
    this.#opened = opened
    this.#source = source
    this.#head = head
    this.#context = context
  }

  async run(): Promise<void> {
    const { control, days, report, signal } = this.#context
    for (const gap of control.sources.gaps(this.#source.id, days)) await this.#read(gap)
    await this.#read(undefined)
    if (this.#hasRecords) report.filesIngested++
    if (signal.aborted) return
    const { compression, path, sizeBytes } = this.#opened
    const pending = compression ? 0 : Math.max(0, sizeBytes - this.#source.offset)
    report.bytesPending += pending
    if (pending > 0) report.incomplete.push({ path, bytes: pending })
    control.sources.describe(this.#source, { path, head: this.#head, pending, mtimeS: this.#mtimeS })
    if (compression) control.finishedFiles.mark(path, stampOf(this.#opened), this.#source.id)
  }

  /** Reads a gap, or what follows the position. */
  async #read(gap: Gap | undefined): Promise<void> {
    const { days, writer, signal, readerFor } = this.#context
    const { fd, compression, sizeBytes } = this.#opened
    const [from, to] = gap ? [gap.start, gap.end] : [this.#source.offset, undefined]
    const size = compression ? sizeBytes : (to ?? sizeBytes) - from
    if (size <= 0 || signal.aborted) return
    const stretch = { source: this.#source, gap, path: this.#file.path, mtimeS: this.#mtimeS }
    const reader = readerFor(size)
    const file = { fd, compression, sizeBytes }
    for await (const packet of reader.read({ file, format: this.#file.format, from, to, days })) {
      if (packet.groups.length > 0 || packet.quarantined.length > 0) this.#hasRecords = true
      writer.add(packet, stretch, reader)
      await setImmediate() // a signal comes through only when nothing else runs
      if (signal.aborted) break
    }
  }

  get #mtimeS(): number {
    return Math.floor(this.#opened.stats.mtimeMs / 1000)
  }
}
