import type { SqliteEngine } from '../sqlite/open.ts'
import { Partition, type PartitionOptions } from './partition.ts'

const MAX_OPEN = 4

/** The partitions that a run writes to; only the last few used stay open. */
export class PartitionSet {
  readonly #open = new Map<string, Partition>()
  readonly #used = new Set<string>()
  readonly #engine: SqliteEngine
  readonly #options: PartitionOptions
  readonly #onUnseal: (path: string) => void

  /** `onUnseal` is called with each partition that was sealed. */
  constructor(engine: SqliteEngine, options: PartitionOptions, onUnseal: (path: string) => void) {
    this.#engine = engine
    this.#options = options
    this.#onUnseal = onUnseal
  }

  /** True if another partition will be closed to open this one: all should be committed before. */
  mustCloseFor(path: string): boolean {
    return this.#open.size >= MAX_OPEN && !this.#open.has(path)
  }

  get(path: string): Partition {
    if (this.mustCloseFor(path)) this.#closeOldest()
    const partition = this.#open.get(path) ?? this.#openNew(path)
    this.#open.delete(path)
    this.#open.set(path, partition)
    this.#used.add(path)
    return partition
  }

  commit(): void {
    for (const partition of this.#open.values()) partition.commit()
  }

  /** Closes those that have not been used since the last time. */
  closeUnused(): void {
    this.#closeThose(({ path }) => !this.#used.has(path))
    this.#used.clear()
  }

  /** Closes those whose files are no longer there. */
  closeRemoved(): void {
    this.#closeThose((partition) => !partition.isInPlace())
  }

  close(): void {
    this.#closeThose(() => true)
  }

  #openNew(path: string): Partition {
    const partition = new Partition(this.#engine, path, this.#options)
    if (partition.wasSealed) this.#onUnseal(path)
    return partition
  }

  #closeThose(isOne: (partition: Partition) => boolean): void {
    for (const partition of [...this.#open.values()].filter(isOne)) {
      this.#open.delete(partition.path)
      partition.close()
    }
  }

  #closeOldest(): void {
    const [oldest] = this.#open.values()
    if (!oldest) return
    this.#open.delete(oldest.path)
    oldest.close()
  }
}
