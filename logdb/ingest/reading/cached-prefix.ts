import type { Hash } from 'node:crypto'
import { CARRIAGE_RETURN, CLOSE_BRACKET, COMMA, LINE_FEED, SPACE, TAB } from '../../../kit/ascii.ts'

/** This many that continue a conversation are compared one by one, the last used ones first. */
const FEW = 16
/** All others are found by a hash of this many first bytes, if they are that long. */
const START_BYTES = 128
const FNV_PRIME = 16777619
const FNV_OFFSET = -2128831035

/** A SHA-256 of a body up to the end of some message. */
export interface HashState {
  /** The body's text before its first message. */
  head: Buffer
  hash: Hash
}

/** Where a message was kept as it stands in the log. */
export interface Kept {
  chunk: Buffer
  start: number
  end: number
}

/** A conversation that a request sent or began with: a shorter one and a message. */
export class CachedPrefix {
  /** The writer knows it by this number; 0 is the one without messages. */
  readonly number: number
  /** Names it in every partition, as Latin-1. */
  readonly hash: string
  /** How many of its messages can be searched. */
  readonly texts: number
  state: HashState | undefined
  /** How many continue it. */
  count = 0
  readonly #chunk: Buffer
  readonly #start: number
  readonly #end: number
  /** The last used one of those that continue it, each with the one that was used before it. */
  #next: CachedPrefix | undefined
  #other: CachedPrefix | undefined
  #byStart: Map<number, CachedPrefix[]> | undefined

  constructor(number: number, hash: string, texts: number, { chunk, start, end }: Kept) {
    this.number = number
    this.hash = hash
    this.texts = texts
    this.#chunk = chunk
    this.#start = start
    this.#end = end
  }

  /** Length in bytes of its last message. */
  get length(): number {
    return this.#end - this.#start
  }

  add(next: CachedPrefix): void {
    this.count++
    this.#use(next)
  }

  /** The one that continues it with the message at this place of an array. */
  find(source: Buffer, at: number): CachedPrefix | undefined {
    let before: CachedPrefix | undefined
    for (let next = this.#next; next; next = next.#other) {
      if (next.#standsAt(source, at)) {
        if (!before) return next
        before.#other = next.#other
        next.#other = this.#next
        this.#next = next
        return next
      }
      before = next
    }
    return this.#byStart ? this.#findByStart(source, at) : undefined
  }

  #standsAt(source: Buffer, at: number): boolean {
    const length = this.#end - this.#start
    const middle = length >> 1
    if (source[at + middle] !== this.#chunk[this.#start + middle] || !isEndOfElement(source[at + length])) return false
    return source.compare(this.#chunk, this.#start, this.#end, at, at + length) === 0
  }

  #findByStart(source: Buffer, at: number): CachedPrefix | undefined {
    if (at + START_BYTES > source.length) return undefined
    const others = this.#byStart?.get(hashOfStart(source, at))
    const index = others?.findIndex((other) => other.#standsAt(source, at)) ?? -1
    const [found] = index < 0 ? [] : (others?.splice(index, 1) ?? [])
    if (found) this.#use(found)
    return found
  }

  /** Puts one in front; the oldest of many makes room. */
  #use(next: CachedPrefix): void {
    next.#other = this.#next
    this.#next = next
    if (this.count <= FEW) return
    let last = next
    for (let place = 1; place < FEW && last.#other; place++) last = last.#other
    const oldest = last.#other
    last.#other = undefined
    if (!oldest || oldest.length < START_BYTES) return
    this.#byStart ??= new Map()
    const start = hashOfStart(oldest.#chunk, oldest.#start)
    const others = this.#byStart.get(start)
    if (others) others.push(oldest)
    else this.#byStart.set(start, [oldest])
  }
}

export function isEndOfElement(byte: number | undefined): boolean {
  if (byte === COMMA || byte === CLOSE_BRACKET || byte === SPACE) return true
  return byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB
}

/** FNV-1a. */
function hashOfStart(bytes: Buffer, at: number): number {
  let hash = FNV_OFFSET
  for (let i = at; i < at + START_BYTES; i++) hash = Math.imul(hash ^ (bytes[i] as number), FNV_PRIME)
  return hash
}
