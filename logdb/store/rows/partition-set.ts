import { LastUsed } from '../sqlite/last-used.ts'
import type { Partition } from './partition.ts'

const MAX_OPEN = 4

/** The partitions that a run writes to; only the last used ones stay open. */
export class PartitionSet<Kind extends Partition> {
  readonly #open = new LastUsed<Kind>(MAX_OPEN)
  readonly #used = new Set<string>()
  readonly #openOne: (path: string) => Kind

  constructor(openOne: (path: string) => Kind) {
    this.#openOne = openOne
  }

  /** True if another partition will be closed to open this one: all must be committed before. */
  mustCloseFor(path: string): boolean {
    return this.#open.mustCloseFor(path)
  }

  /** @throws UserError */
  get(path: string): Kind {
    this.#used.add(path)
    return this.#open.get(path, () => this.#openOne(path))
  }

  /** @throws UserError */
  commit(): void {
    for (const partition of this.#open.values()) partition.commit()
  }

  /** Closes those that have not been used since the last time. */
  closeUnused(): void {
    this.#open.closeWhere(({ path }) => !this.#used.has(path))
    this.#used.clear()
  }

  /** Closes those whose files are no longer there. */
  closeRemoved(): void {
    this.#open.closeWhere((partition) => !partition.isInPlace())
  }

  close(): void {
    this.#open.close()
  }
}
