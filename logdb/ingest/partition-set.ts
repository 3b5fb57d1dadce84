import { Partition, type PartitionOptions } from '../store/partition.ts'
import type { SqliteEngine } from '../store/sqlite.ts'

const MAX_OPEN = 4

/** The partitions that a run writes to; only the last few used stay open. */
export class PartitionSet {
  readonly #open = new Map<string, Partition>()
  readonly #engine: SqliteEngine
  readonly #options: PartitionOptions

  constructor(engine: SqliteEngine, options: PartitionOptions) {
    this.#engine = engine
    this.#options = options
  }

  get(path: string): Partition {
    const partition = this.#open.get(path) ?? new Partition(this.#engine, path, this.#options)
    this.#open.delete(path)
    this.#open.set(path, partition)
    const [oldest] = this.#open.values()
    if (this.#open.size > MAX_OPEN && oldest) {
      this.#open.delete(oldest.path)
      oldest.close()
    }
    return partition
  }

  close(): void {
    for (const partition of this.#open.values()) partition.close()
    this.#open.clear()
  }
}
