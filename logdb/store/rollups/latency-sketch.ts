/** Above this many, a sketch keeps counts instead of values. */
const MAX_VALUES = 10_000
/** Above this many, a stored sketch has counts, which are smaller. */
const MAX_STORED_VALUES = 32
/** A count stands for latencies that differ from its middle by at most this share. */
const ACCURACY = 0.01
const LOG_GAMMA = Math.log((1 + ACCURACY) / (1 - ACCURACY))
/** The middle of what a bucket stands for, relative to its upper end. */
const MIDDLE = 1 - ACCURACY
/** Shorter latencies are in the bucket of this one. */
const LEAST_MS = 0.001
const FIRST_BUCKET = Math.ceil(Math.log(LEAST_MS) / LOG_GAMMA)
/** Longer ones, of some years, are in the last bucket. */
const MOST_MS = 1e11
const BUCKETS = Math.ceil(Math.log(MOST_MS) / LOG_GAMMA) - FIRST_BUCKET + 1

const KIND_VALUES = 0
const KIND_COUNTS = 1
const DOUBLE_BYTES = 8
const LOW_BITS = 0x7f
const MORE = 0x80
const BITS_PER_BYTE = 7

/**
 * Latencies of any number of requests in little memory: exact up to 10,000, above that within 1 %. Sketches can be
 * stored and merged without further loss (the buckets are those of DDSketch, https://arxiv.org/abs/1908.10693).
 */
export class LatencySketch {
  #values: number[] = []
  /** By bucket, from the first; undefined while the values are kept. */
  #counts: Float64Array | undefined
  #total = 0

  /** @param latencyMs negative ones, after a clock was set back, are as 0 */
  add(latencyMs: number): void {
    this.#total++
    if (this.#counts) increase(this.#counts, bucketOf(latencyMs))
    else {
      this.#values.push(latencyMs)
      if (this.#values.length > MAX_VALUES) this.#count()
    }
  }

  /** Adds what `store` returned. */
  merge(stored: Uint8Array): void {
    if (stored[0] === KIND_COUNTS) {
      this.#total += addStored(this.#counts ?? this.#count(), stored)
    } else for (const value of storedValues(stored)) this.add(value)
  }

  /** The same latencies give the same bytes, in whatever order they came. */
  store(): Buffer {
    if (this.#counts === undefined && this.#values.length <= MAX_STORED_VALUES) {
      return storeValues(this.#values.sort((a, b) => a - b))
    }
    const counts = this.#counts ?? countsOf(this.#values)
    return storeCounts(counts)
  }

  /**
   * The nearest rank: as many latencies as this share says are at most this one.
   * @param share 0 to 1
   * @returns null without latencies
   */
  percentile(share: number): number | null {
    const rank = Math.max(1, Math.ceil(share * this.#total))
    if (!this.#counts) return this.#values.sort((a, b) => a - b)[rank - 1] ?? null
    let seen = 0
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count
      if (seen >= rank) return middleOf(bucket)
    }
    return null
  }

  #count(): Float64Array {
    const counts = countsOf(this.#values)
    this.#counts = counts
    this.#values = []
    return counts
  }
}

/** From 0. */
function bucketOf(latencyMs: number): number {
  const withinMs = Math.min(Math.max(latencyMs, LEAST_MS), MOST_MS)
  return Math.ceil(Math.log(withinMs) / LOG_GAMMA) - FIRST_BUCKET
}

function middleOf(bucket: number): number {
  return Math.exp((bucket + FIRST_BUCKET) * LOG_GAMMA) * MIDDLE
}

function countsOf(values: readonly number[]): Float64Array {
  const counts = new Float64Array(BUCKETS)
  for (const value of values) increase(counts, bucketOf(value))
  return counts
}

function increase(counts: Float64Array, bucket: number): void {
  counts[bucket] = (counts[bucket] ?? 0) + 1
}

function storeValues(values: readonly number[]): Buffer {
  const stored = Buffer.alloc(1 + values.length * DOUBLE_BYTES)
  stored[0] = KIND_VALUES
  for (const [index, value] of values.entries()) stored.writeDoubleLE(value, 1 + index * DOUBLE_BYTES)
  return stored
}

function* storedValues(stored: Uint8Array): Generator<number> {
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength)
  for (let at = 1; at + DOUBLE_BYTES <= stored.length; at += DOUBLE_BYTES) yield view.getFloat64(at, true)
}

/** Each bucket that has some as its distance from the one before, and its count. */
function storeCounts(counts: Float64Array): Buffer {
  const bytes = [KIND_COUNTS]
  let last = 0
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket] as number
    if (count === 0) continue
    pushNumber(bytes, bucket - last)
    pushNumber(bytes, count)
    last = bucket
  }
  return Buffer.from(bytes)
}

/** Adds stored counts, and returns how many latencies they stand for. A month has millions of them. */
function addStored(counts: Float64Array, stored: Uint8Array): number {
  let [bucket, total, value, factor, isBucket] = [0, 0, 0, 1, true]
  for (let at = 1; at < stored.length; at++) {
    const byte = stored[at] as number
    value += (byte & LOW_BITS) * factor
    factor *= MORE
    if (byte >= MORE) continue
    if (isBucket) bucket += value
    else {
      counts[bucket] = (counts[bucket] ?? 0) + value
      total += value
    }
    isBucket = !isBucket
    value = 0
    factor = 1
  }
  return total
}

/** Seven bits a byte, the lowest first. */
function pushNumber(bytes: number[], value: number): void {
  let rest = value
  for (; rest >= MORE; rest = Math.floor(rest / 2 ** BITS_PER_BYTE)) bytes.push((rest & LOW_BITS) | MORE)
  bytes.push(rest)
}
