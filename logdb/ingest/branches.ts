import type { Kept } from './arena.ts'

const COMMA = 0x2c
const CLOSE_BRACKET = 0x5d
/** So many are looked through one by one, the last used ones first. */
const FEW = 16
/** All others are found by a hash of so many first bytes, if they are that long. */
const START_BYTES = 128
const FNV_PRIME = 16777619
const FNV_OFFSET = -2128831035

/** Messages that follow the same ones, to be found by their bytes, `raw`. */
export class Branches<T extends { readonly raw: Kept }> {
  readonly #lastUsed: T[] = []
  /** Made when there are so many. */
  #byStart: Map<number, T[]> | undefined
  #count = 0

  get count(): number {
    return this.#count
  }

  add(branch: T): void {
    this.#count++
    this.#use(branch)
  }

  /** The one that stands at this place of an array. */
  find(source: Buffer, at: number): T | undefined {
    const recent = this.#lastUsed
    for (let i = recent.length - 1; i >= 0; i--) {
      const branch = recent[i] as T
      if (!standsAt(branch.raw, source, at)) continue
      if (i < recent.length - 1) {
        recent.splice(i, 1)
        recent.push(branch)
      }
      return branch
    }
    return this.#count > FEW ? this.#findOther(source, at) : undefined
  }

  #findOther(source: Buffer, at: number): T | undefined {
    if (at + START_BYTES > source.length) return undefined
    const start = hashOfStart(source, at)
    const others = this.#byStart?.get(start)
    const index = others?.findIndex(({ raw }) => standsAt(raw, source, at)) ?? -1
    const [found] = index < 0 ? [] : (others?.splice(index, 1) ?? [])
    if (found) this.#use(found)
    return found
  }

  /** Of the last used ones the oldest makes room. */
  #use(branch: T): void {
    this.#lastUsed.push(branch)
    const oldest = this.#lastUsed.length > FEW ? this.#lastUsed.shift() : undefined
    if (!oldest || oldest.raw.end - oldest.raw.start < START_BYTES) return
    this.#byStart ??= new Map()
    const start = hashOfStart(oldest.raw.chunk, oldest.raw.start)
    const others = this.#byStart.get(start)
    if (others) others.push(oldest)
    else this.#byStart.set(start, [oldest])
  }
}

function standsAt({ chunk, start, end }: Kept, source: Buffer, at: number): boolean {
  const length = end - start
  const middle = length >> 1
  if (source[at + middle] !== chunk[start + middle] || !isEndOfElement(source[at + length])) return false
  return source.compare(chunk, start, end, at, at + length) === 0
}

function isEndOfElement(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_BRACKET || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** FNV-1a. */
function hashOfStart(bytes: Buffer, at: number): number {
  let hash = FNV_OFFSET
  for (let i = at; i < at + START_BYTES; i++) hash = Math.imul(hash ^ (bytes[i] as number), FNV_PRIME)
  return hash
}
