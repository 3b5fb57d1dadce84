import { ByteSink } from './byte-sink.ts'
import { compareStrings, writeString } from './canonical-string.ts'
import { InvalidJson } from './invalid-json.ts'
import { pythonFloat } from './python-float.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const LITERALS = ['true', 'false', 'null', 'NaN', 'Infinity', '-Infinity']
const LONGEST_LITERAL = '-Infinity'.length
const NON_FINITE = /^-?(NaN|Infinity)$/
const MAX_NUMBER_BYTES = 100_000
const MAX_DEPTH = 2000

/** One for all readers: each takes what it wrote out again before it returns. */
const sink = new ByteSink()

/** A member of an object in the sink: where its key and the whole `key: value` lie. */
interface Member {
  key: Buffer
  start: number
  end: number
}

export interface CanonicalReaderOptions {
  /** Writes NaN and infinities as null, for readers that know only standard JSON. */
  nonFiniteAsNull?: boolean
}

/**
 * Reads JSON from bytes and gives its values in canonical form: the bytes that Python's
 * `json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True)` would write. Nothing passes through JS numbers or
 * strings that would not survive it.
 */
export class CanonicalReader {
  readonly #source: Buffer
  readonly #end: number
  readonly #nonFiniteAsNull: boolean
  #at: number
  #depth = 0

  constructor(source: Buffer, { nonFiniteAsNull = false }: CanonicalReaderOptions = {}) {
    this.#source = source
    this.#end = source.length
    this.#at = 0
    this.#nonFiniteAsNull = nonFiniteAsNull
  }

  /** First byte of the next value; -1 at the end. */
  peek(): number {
    this.#skipSpace()
    return this.#at < this.#end ? (this.#source[this.#at] as number) : -1
  }

  /** The next value. @throws InvalidJson */
  value(): Buffer {
    return this.#written(() => this.#value())
  }

  /** Calls `member` with each key of the next value, an object, in its canonical form; it must read the member's value. */
  object(member: (key: Buffer) => void): void {
    this.#expect(OPEN_BRACE)
    this.#eachOf(CLOSE_BRACE, () => {
      member(this.#written(() => this.#key()))
    })
  }

  /** Calls `item` for each element of the next value, an array; it must read the element. */
  array(item: (index: number) => void): void {
    this.#expect(OPEN_BRACKET)
    let index = 0
    this.#eachOf(CLOSE_BRACKET, () => item(index++))
  }

  /** @throws InvalidJson when anything but white space is left */
  finish(): void {
    if (this.peek() !== -1) throw new InvalidJson('text after the value', this.#at)
  }

  /** What `write` puts into the sink, which is left as it was. */
  #written(write: () => void): Buffer {
    const start = sink.length
    try {
      write()
      return Buffer.from(sink.bytes.subarray(start, sink.length))
    } finally {
      sink.length = start
    }
  }

  #value(): void {
    const first = this.peek()
    if (first === QUOTE) this.#at = writeString(this.#source, this.#at, this.#end, sink)
    else if (first === OPEN_BRACE) this.#object()
    else if (first === OPEN_BRACKET) this.#array()
    else if (!this.#number()) this.#literal()
  }

  #array(): void {
    this.#expect(OPEN_BRACKET)
    sink.byte(OPEN_BRACKET)
    let isFirst = true
    this.#eachOf(CLOSE_BRACKET, () => {
      if (!isFirst) sink.text(', ')
      isFirst = false
      this.#value()
    })
    sink.byte(CLOSE_BRACKET)
  }

  #object(): void {
    this.#expect(OPEN_BRACE)
    const start = sink.length
    sink.byte(OPEN_BRACE)
    const members: Member[] = []
    let isSorted = true
    this.#eachOf(CLOSE_BRACE, () => {
      if (members.length > 0) sink.text(', ')
      const member = this.#member()
      const previous = members.at(-1)
      if (previous && compareStrings(previous.key, member.key) >= 0) isSorted = false
      members.push(member)
    })
    if (!isSorted) this.#sortMembers(start, members)
    sink.byte(CLOSE_BRACE)
  }

  #member(): Member {
    const start = sink.length
    this.#key()
    const key = Buffer.from(sink.bytes.subarray(start, sink.length))
    sink.text(': ')
    this.#value()
    return { key, start, end: sink.length }
  }

  #key(): void {
    if (this.peek() !== QUOTE) throw new InvalidJson('expected a key', this.#at)
    this.#at = writeString(this.#source, this.#at, this.#end, sink)
    this.#expect(COLON)
  }

  /** Writes the members anew, sorted; of equal keys the last wins. */
  #sortMembers(start: number, members: Member[]): void {
    const base = start + 1
    const written = Buffer.from(sink.bytes.subarray(base, sink.length))
    sink.length = base
    const kept = sortedMembers(members)
    for (const [index, member] of kept.entries()) {
      if (index > 0) sink.text(', ')
      sink.run(written, member.start - base, member.end - base)
    }
  }

  #eachOf(close: number, read: () => void): void {
    if (++this.#depth > MAX_DEPTH) throw new InvalidJson(`nested deeper than ${MAX_DEPTH} levels`, this.#at)
    if (this.peek() === close) this.#at++
    else {
      for (;;) {
        read()
        const next = this.peek()
        if (next !== COMMA && next !== close) throw new InvalidJson('expected a comma', this.#at)
        this.#at++
        if (next === close) break
      }
    }
    this.#depth--
  }

  /** False if no number starts here. */
  #number(): boolean {
    const first = this.#source[this.#at] as number
    if (first !== MINUS && !isDigit(first)) return false
    let i = this.#at
    while (i < this.#end && isNumberByte(this.#source[i] as number)) i++
    if (i - this.#at > MAX_NUMBER_BYTES) throw new InvalidJson('number too long', this.#at)
    const lexeme = this.#source.toString('latin1', this.#at, i)
    if (lexeme === '-') return false
    const match = /^-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.exec(lexeme)
    if (!match) throw new InvalidJson('malformed number', this.#at)
    const isInteger = match[1] === undefined && match[2] === undefined
    this.#scalar(isInteger ? (lexeme === '-0' ? '0' : lexeme) : pythonFloat(Number(lexeme)))
    this.#at = i
    return true
  }

  #literal(): void {
    const text = this.#source.toString('latin1', this.#at, this.#at + LONGEST_LITERAL)
    const literal = LITERALS.find((candidate) => text.startsWith(candidate))
    if (literal === undefined) throw new InvalidJson('expected a value', this.#at)
    this.#scalar(literal)
    this.#at += literal.length
  }

  #scalar(text: string): void {
    sink.text(this.#nonFiniteAsNull && NON_FINITE.test(text) ? 'null' : text)
  }

  #expect(byte: number): void {
    if (this.peek() !== byte) throw new InvalidJson(`expected ${String.fromCharCode(byte)}`, this.#at)
    this.#at++
  }

  #skipSpace(): void {
    const source = this.#source
    while (this.#at < this.#end) {
      const byte = source[this.#at] as number
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.#at++
    }
  }
}

/** In the order of their keys; of equal keys only the last. */
export function sortedMembers<T extends { key: Buffer }>(members: readonly T[]): T[] {
  const sorted = members.toSorted((a, b) => compareStrings(a.key, b.key))
  return sorted.filter((member, index) => {
    const next = sorted[index + 1]
    return !next || compareStrings(member.key, next.key) !== 0
  })
}

/** The whole of `source` in canonical form. @throws InvalidJson */
export function canonicalJson(source: Buffer, options?: CanonicalReaderOptions): Buffer {
  const reader = new CanonicalReader(source, options)
  const value = reader.value()
  reader.finish()
  return value
}

const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39

function isNumberByte(byte: number): boolean {
  return isDigit(byte) || byte === MINUS || byte === 0x2b || byte === 0x2e || byte === 0x45 || byte === 0x65
}
