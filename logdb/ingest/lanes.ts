import { BYTES_PER_MIB } from '../../kit/sizes.ts'
import type { LogdbSettings } from '../settings.ts'
import type { Retention } from '../store/control/retention.ts'
import { hasThreads } from '../threads.ts'
import { type PacketReader, type ReaderOptions, SourceReader } from './reading/source-reader.ts'
import { WorkerReader } from './worker/client.ts'

/** Below this size a thread costs more time than it saves. */
const LEAST_BYTES_FOR_THREAD = 4 * 1024 * 1024
/** With the default cap a record of the gateway fits whose bodies are both as long as its log takes them, 8 MiB. */
const MAX_RECORD_SHARE = 1 / 15

/** Reads one file after the other, small ones in this thread, others in a separate one. */
export class Lane {
  readonly #options: ReaderOptions
  readonly #hasThread: boolean
  #inline: SourceReader | undefined
  #worker: WorkerReader | undefined

  constructor(options: ReaderOptions, hasThread: boolean) {
    this.#options = options
    this.#hasThread = hasThread
  }

  for(sizeBytes: number): PacketReader {
    if (!this.#hasThread || sizeBytes < LEAST_BYTES_FOR_THREAD) {
      this.#inline ??= new SourceReader(this.#options)
      return this.#inline
    }
    this.#worker ??= new WorkerReader(this.#options)
    return this.#worker
  }

  async close(): Promise<void> {
    await this.#worker?.close()
  }
}

/** One thread writes; all others that the settings allow read. */
export function openLanes(
  { parallelism, memoryCapMb, granularity }: LogdbSettings,
  database: { out: string; serverId: string; retention: Retention },
): Lane[] {
  const count = Math.max(1, parallelism - 1)
  const maxRecordBytes = Math.floor(memoryCapMb * BYTES_PER_MIB * MAX_RECORD_SHARE)
  const maxKnownBytes = (memoryCapMb * BYTES_PER_MIB) / 10 / count
  const options = { ...database, granularity, maxRecordBytes, maxKnownBytes }
  return Array.from({ length: count }, () => new Lane(options, hasThreads() && parallelism > 1))
}
