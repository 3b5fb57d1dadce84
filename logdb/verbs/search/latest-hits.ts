import type { FoundMessage } from '../../store/search/partition-search.ts'

/** A message that was found, and where. */
export interface PlacedHit extends FoundMessage {
  /** Of its partition. */
  path: string
}

/** The latest of the messages that were found in some partitions. */
export class LatestHits {
  readonly #most: number
  /** The latest first. */
  #hits: PlacedHit[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** @param found of one partition, the latest first */
  add(path: string, found: readonly FoundMessage[]): void {
    const [first] = found
    if (first === undefined) return
    const last = this.#hits.at(-1)
    for (const hit of found) this.#hits.push({ ...hit, path })
    // Most partitions are earlier than those before them.
    if (last !== undefined && first.ts > last.ts) this.#hits.sort((a, b) => b.ts - a.ts)
    if (this.#hits.length > this.#most) this.#hits.length = this.#most
  }

  /** True if there are enough, and all of them are after this second since 1970. */
  areAllAfter(ts: number): boolean {
    const oldest = this.#hits.at(-1)
    return this.#hits.length >= this.#most && oldest !== undefined && oldest.ts > ts
  }

  all(): readonly PlacedHit[] {
    return this.#hits
  }
}
