import type { DayRange, Granularity } from '../../days.ts'
import type { LogFormat } from '../../sources/find.ts'
import { FrameReader, type Piece, TAIL_BYTES } from '../../sources/frame-reader.ts'
import { type OpenFile, openInput, UnreadableSource } from '../../sources/input.ts'
import type { Retention } from '../../store/control/retention.ts'
import { partitionFor } from '../../store/folder/partition-files.ts'
import { Packer, type Packet } from './packets.ts'
import { Rows } from './rows.ts'

/** A stretch of a source that is to be read. */
export interface ReadingJob {
  file: OpenFile
  format: LogFormat
  /** Where a line starts, in decompressed bytes. */
  from: number
  /** Undefined: up to its end. */
  to: number | undefined
  days: DayRange
}

export interface ReaderOptions {
  /** Folder of the log database. */
  out: string
  granularity: Granularity
  serverId: string
  retention: Retention
  maxRecordBytes: number
  maxKnownBytes: number
}

/** Gives what a source holds, packet by packet. */
export interface PacketReader {
  /** @throws UnreadableSource after what stands before the damage */
  read(job: ReadingJob): AsyncGenerator<Packet>
}

/** Reads sources in the thread that it is called in. */
export class SourceReader implements PacketReader {
  readonly #options: ReaderOptions
  readonly #rows: Rows

  constructor(options: ReaderOptions) {
    const { out, granularity, serverId, maxKnownBytes } = options
    this.#options = options
    const partitionOf = (day: string) => partitionFor(out, day, granularity)
    this.#rows = new Rows({ serverId, partitionOf, maxKnownBytes })
  }

  async *read(job: ReadingJob): AsyncGenerator<Packet> {
    const { file, format, from, days } = job
    const inputStart = Math.max(0, from - TAIL_BYTES)
    const input = openInput(file, inputStart)
    const { maxRecordBytes, retention } = this.#options
    const frames = new FrameReader(input, {
      format,
      inputStart,
      from,
      isFinal: file.compression !== undefined,
      maxRecordBytes,
    })
    const packer = new Packer(this.#rows, from, { format, days, retention })
    const to = job.to ?? Number.POSITIVE_INFINITY
    let [end, sentBytes] = [from, 0]
    const take = () => {
      const inputBytes = input.fileBytes - sentBytes
      sentBytes = input.fileBytes
      return packer.take({ tail: frames.tail(end), inputBytes })
    }
    try {
      while (end < to) {
        const piece = frames.next()
        if (piece) {
          packer.add(clipped(piece, to))
          end = Math.min(piece.end, to)
          if (packer.isFull) yield take()
        } else if (!(await frames.fill())) break
      }
    } catch (error) {
      if (error instanceof UnreadableSource && !packer.isEmpty) yield take()
      throw error
    } finally {
      input.close()
    }
    if (!packer.isEmpty) yield take()
  }
}

/** A last newline may have come after the record was first read. */
function clipped(piece: Piece, to: number): Piece {
  return piece.end <= to ? piece : { ...piece, end: to }
}
