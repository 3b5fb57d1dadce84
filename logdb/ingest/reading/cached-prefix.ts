import type { Hash } from 'node:crypto'

const COMMA = 0x2c
const CLOSE_BRACKET = 0x5d
/** So many that go on from a conversation are looked through one by one, the last used ones first. */
const FEW = 16
/** All others are found by a hash of so many first bytes, if they are that long. */
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

/** A conversation that some request sent or began with: another one and a message. */
export class KnownConversation {
  /** By which the writer knows it; 0 is the one without messages. */
  readonly number: number
  /** Names it in every partition, as Latin-1. */
  readonly hash: string
  /** How many of its messages can be searched. */
  readonly texts: number
  state: HashState | undefined
  /** How many go on from it. */
  count = 0
  readonly #chunk: Buffer
  readonly #start: number
  readonly #end: number
  /** The last used one of those that go on from it, each with the one that was used before it. */
  #next: KnownConversation | undefined
  #other: KnownConversation | undefined
  #byStart: Map<number, KnownConversation[]> | undefined

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

  add(next: KnownConversation): void {
    this.count++
    this.#use(next)
  }

  /** The one that goes on with the message at this place of an array. */
  find(source: Buffer, at: number): KnownConversation | undefined {
    let before: KnownConversation | undefined
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

  #findByStart(source: Buffer, at: number): KnownConversation | undefined {
    if (at + START_BYTES > source.length) return undefined
    const others = this.#byStart?.get(hashOfStart(source, at))
    const index = others?.findIndex((other) => other.#standsAt(source, at)) ?? -1
    const [found] = index < 0 ? [] : (others?.splice(index, 1) ?? [])
    if (found) this.#use(found)
    return found
  }

  /** Puts one in front; the oldest of many makes room. */
  #use(next: KnownConversation): void {
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

function isEndOfElement(byte: number | undefined): boolean {
  return byte === COMMA || byte === CLOSE_BRACKET || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** FNV-1a. */
function hashOfStart(bytes: Buffer, at: number): number {
  let hash = FNV_OFFSET
  for (let i = at; i < at + START_BYTES; i++) hash = Math.imul(hash ^ (bytes[i] as number), FNV_PRIME)
  return hash
}
