import {
  BACKSLASH,
  CARRIAGE_RETURN,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LINE_FEED,
  LOWER_E,
  MINUS,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  PLUS,
  POINT,
  QUOTE,
  SPACE,
  TAB,
  UPPER_E,
  ZERO,
} from '../../kit/ascii.ts'
import type { ByName } from './by-name.ts'
import { ByteSink } from './byte-sink.ts'
import { compareKeys, writeString } from './canonical-string.ts'
import { InvalidJson, MAX_DEPTH, nestedTooDeep } from './invalid-json.ts'
import { NOT_PLAIN, plainNumberEnd } from './plain-number.ts'
import { pythonFloat } from './python-float.ts'
import { stringEnd, valueEnd } from './value-end.ts'

const LITERALS = ['true', 'false', 'null', 'NaN', 'Infinity', '-Infinity']
const LONGEST_LITERAL = '-Infinity'.length
const NON_FINITE = /^-?(NaN|Infinity)$/
const MAX_NUMBER_BYTES = 100_000
/** This many are sorted fastest by insertion. */
const FEW_MEMBERS = 32
/** What is kept reserved for the next text. */
const KEPT_MEMBERS = 4096
const KEPT_BYTES = 4 * 1024 * 1024
const NOTHING = Buffer.alloc(0)

/** Reads one value, and may mark what it finds in it. */
export type Visit<T = void> = (reader: CanonicalReader) => T

/** A value the caller wants to locate, by its place in the sink and in the source. */
export interface Mark {
  /** Its kind, as numbered by the caller. */
  kind: number
  name: string
  start: number
  end: number
  sourceStart: number
  sourceEnd: number
}

/** A member of an object in the sink. */
interface Member {
  start: number
  keyEnd: number
  end: number
  /** How many marks there were before and after it. */
  marksBefore: number
  marksAfter: number
}

export interface CanonicalReaderOptions {
  /** Writes NaN and infinities as null, for readers that know only standard JSON. */
  nonFiniteAsNull?: boolean
}

/**
 * Reads JSON from bytes and writes it into a sink in canonical form: the bytes that Python's
 * `json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True)` would write. Nothing passes through JS numbers or
 * strings that would not survive it. One reader serves many texts.
 */
export class CanonicalReader {
  sink = new ByteSink()
  /** Places in the sink stay right when members are sorted; those of a key that comes again are removed. */
  marks: Mark[] = []
  source: Buffer = NOTHING
  /** The next byte to be read. */
  at = 0
  readonly #sorted = new ByteSink()
  /** Members of the objects that are being read, outer ones first; they are reused, because there are many. */
  readonly #members: Member[] = []
  #memberCount = 0
  readonly #nonFiniteAsNull: boolean
  #depth = 0

  constructor({ nonFiniteAsNull = false }: CanonicalReaderOptions = {}) {
    this.#nonFiniteAsNull = nonFiniteAsNull
  }

  /** Starts on another text; what is in the sink stays there. */
  begin(source: Buffer): void {
    this.source = source
    this.at = 0
    this.#depth = 0
    this.#memberCount = 0
    if (this.#members.length > KEPT_MEMBERS) this.#members.length = KEPT_MEMBERS
    this.#sorted.clear(KEPT_BYTES)
    this.marks = []
  }

  /** First byte of the next value; -1 at the end. */
  peek(): number {
    const { source } = this
    while (this.at < source.length) {
      const byte = source[this.at] as number
      if (byte !== SPACE && byte !== LINE_FEED && byte !== CARRIAGE_RETURN && byte !== TAB) return byte
      this.at++
    }
    return -1
  }

  /** Writes the next value. @throws InvalidJson */
  value(): void {
    const first = this.peek()
    if (first === QUOTE) this.at = writeString(this.source, this.at, this.sink)
    else if (first === OPEN_BRACE) this.object()
    else if (first === OPEN_BRACKET) this.array(writeValue)
    else if (!this.#number(first)) this.#literal()
  }

  /** Writes the next value, an object; members with a visit are read by it. @throws InvalidJson */
  object(visits?: ByName<Visit>): void {
    const { sink } = this
    const start = sink.length
    const first = this.#memberCount
    let isSorted = true
    this.#expect(OPEN_BRACE)
    sink.byte(OPEN_BRACE)
    this.#enter()
    if (this.peek() === CLOSE_BRACE) this.at++
    else {
      do {
        const index = this.#memberCount
        if (index > first) sink.pair(COMMA, SPACE)
        this.#member(visits)
        if (isSorted && index > first && this.#isOutOfOrder(index)) isSorted = false
      } while (!this.#isLast(CLOSE_BRACE))
    }
    this.#depth--
    if (!isSorted) this.#sort(start + 1, this.#members.slice(first, this.#memberCount))
    this.#memberCount = first
    sink.byte(CLOSE_BRACE)
  }

  /**
   * Writes the next value, an array, whose elements are read by `visit`. `stepOver` is called before the first element.
   * It may skip elements that need not be written, and returns how many it has skipped. @throws InvalidJson
   */
  array(visit: (reader: CanonicalReader, index: number) => void, stepOver?: Visit<number>): void {
    const { sink } = this
    this.#expect(OPEN_BRACKET)
    sink.byte(OPEN_BRACKET)
    this.#enter()
    if (this.peek() === CLOSE_BRACKET) this.at++
    else {
      let index = stepOver?.(this) ?? 0
      if (index === 0) visit(this, index++)
      for (; !this.#isLast(CLOSE_BRACKET); index++) {
        sink.pair(COMMA, SPACE)
        this.peek()
        visit(this, index)
      }
    }
    this.#depth--
    sink.byte(CLOSE_BRACKET)
  }

  /**
   * Reads the next value, an object, but only its members with a visit, each by its visit. The others are skipped without
   * a check that they are well-formed. @throws InvalidJson
   */
  pick(visits: ByName<Visit>): void {
    this.#expect(OPEN_BRACE)
    this.#enter()
    if (this.peek() === CLOSE_BRACE) this.at++
    else {
      do {
        const visit = this.#visitOfKey(visits)
        this.peek()
        if (visit) visit(this)
        else this.at = valueEnd(this.source, this.at)
      } while (!this.#isLast(CLOSE_BRACE))
    }
    this.#depth--
  }

  /** Remembers what was written since `start` and read since `sourceStart`. */
  mark(kind: number, name: string, start: number, sourceStart: number): Mark {
    const mark = { kind, name, start, end: this.sink.length, sourceStart, sourceEnd: this.at }
    this.marks.push(mark)
    return mark
  }

  /** @throws InvalidJson when anything but white space is left */
  finish(): void {
    if (this.peek() !== -1) throw new InvalidJson('text after the value', this.at)
  }

  #member(visits: ByName<Visit> | undefined): void {
    const { sink } = this
    const member = this.#newMember()
    member.start = sink.length
    member.marksBefore = this.marks.length
    this.#key()
    member.keyEnd = sink.length
    sink.pair(COLON, SPACE)
    const visit = visits?.find(sink.bytes, member.start + 1, member.keyEnd - 1)
    if (visit) visit(this)
    else this.value()
    member.end = sink.length
    member.marksAfter = this.marks.length
  }

  #newMember(): Member {
    const index = this.#memberCount++
    this.#members[index] ??= { start: 0, keyEnd: 0, end: 0, marksBefore: 0, marksAfter: 0 }
    return this.#members[index]
  }

  #key(): void {
    if (this.peek() !== QUOTE) throw new InvalidJson('expected a key', this.at)
    this.at = writeString(this.source, this.at, this.sink)
    this.#expect(COLON)
  }

  #visitOfKey(visits: ByName<Visit>): Visit | undefined {
    const { source } = this
    if (this.peek() !== QUOTE) throw new InvalidJson('expected a key', this.at)
    const start = this.at
    this.at = stringEnd(source, start)
    const end = this.at
    this.#expect(COLON)
    return hasEscape(source, start, end) ? this.#visitOfEscaped(visits, start) : visits.find(source, start + 1, end - 1)
  }

  #visitOfEscaped(visits: ByName<Visit>, at: number): Visit | undefined {
    const { source, sink } = this
    const start = sink.length
    writeString(source, at, sink)
    const found = visits.find(sink.bytes, start + 1, sink.length - 1)
    sink.length = start
    return found
  }

  #isOutOfOrder(index: number): boolean {
    return this.#compare(this.#members[index - 1] as Member, this.#members[index] as Member) >= 0
  }

  #compare(a: Member, b: Member): number {
    return compareKeys(this.sink.bytes, a.start, a.keyEnd, b.start, b.keyEnd)
  }

  /** Writes the members again in the order of their keys; of equal keys the last wins. */
  #sort(start: number, sorted: Member[]): void {
    const { sink, marks } = this
    const written = this.#sorted
    const writtenFrom = written.length
    this.#putInOrder(sorted)
    const removed: Mark[] = []
    for (let place = 0; place < sorted.length; place++) {
      const member = sorted[place] as Member
      const next = sorted[place + 1]
      if (next && this.#compare(member, next) === 0) {
        removed.push(...marks.slice(member.marksBefore, member.marksAfter))
        continue
      }
      if (written.length > writtenFrom) written.pair(COMMA, SPACE)
      moveMarks(marks, member, start + written.length - writtenFrom - member.start)
      written.run(sink.bytes, member.start, member.end)
    }
    sink.length = start
    sink.run(written.bytes, writtenFrom, written.length)
    written.length = writtenFrom
    if (removed.length > 0) this.marks = marks.filter((mark) => !removed.includes(mark))
  }

  /** Equal keys stay in the order in which they came. */
  #putInOrder(sorted: Member[]): void {
    if (sorted.length > FEW_MEMBERS) {
      sorted.sort((a, b) => this.#compare(a, b))
      return
    }
    for (let i = 1; i < sorted.length; i++) {
      const member = sorted[i] as Member
      let place = i
      for (; place > 0 && this.#compare(sorted[place - 1] as Member, member) > 0; place--) {
        sorted[place] = sorted[place - 1] as Member
      }
      sorted[place] = member
    }
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH) throw nestedTooDeep(this.at)
  }

  /** Reads what follows a member or an element: true at the end of all. */
  #isLast(close: number): boolean {
    const next = this.peek()
    if (next !== COMMA && next !== close) throw new InvalidJson('expected a comma', this.at)
    this.at++
    return next === close
  }

  /** False if no number starts here. */
  #number(first: number): boolean {
    if (first !== MINUS && !isDigit(first)) return false
    const plainEnd = plainNumberEnd(this.source, this.at)
    if (plainEnd !== NOT_PLAIN) {
      this.sink.run(this.source, this.at, plainEnd)
      this.at = plainEnd
      return true
    }
    return this.#otherNumber()
  }

  #otherNumber(): boolean {
    const { source } = this
    let end = this.at
    while (end < source.length && isNumberByte(source[end] as number)) end++
    if (end - this.at > MAX_NUMBER_BYTES) throw new InvalidJson('number too long', this.at)
    const lexeme = source.toString('latin1', this.at, end)
    if (lexeme === '-') return false
    const match = /^-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.exec(lexeme)
    if (!match) throw new InvalidJson('malformed number', this.at)
    const isInteger = match[1] === undefined && match[2] === undefined
    this.#scalar(isInteger ? pythonInteger(lexeme) : pythonFloat(Number(lexeme)))
    this.at = end
    return true
  }

  #literal(): void {
    const text = this.source.toString('latin1', this.at, Math.min(this.at + LONGEST_LITERAL, this.source.length))
    const literal = LITERALS.find((candidate) => text.startsWith(candidate))
    if (literal === undefined) throw new InvalidJson('expected a value', this.at)
    this.#scalar(literal)
    this.at += literal.length
  }

  #scalar(text: string): void {
    this.sink.text(this.#nonFiniteAsNull && NON_FINITE.test(text) ? 'null' : text)
  }

  #expect(byte: number): void {
    if (this.peek() !== byte) throw new InvalidJson(`expected ${String.fromCharCode(byte)}`, this.at)
    this.at++
  }
}

function writeValue(reader: CanonicalReader): void {
  reader.value()
}

function pythonInteger(lexeme: string): string {
  return lexeme === '-0' ? '0' : lexeme
}

function moveMarks(marks: readonly Mark[], { marksBefore, marksAfter }: Member, by: number): void {
  for (let i = marksBefore; i < marksAfter; i++) {
    const mark = marks[i] as Mark
    mark.start += by
    mark.end += by
  }
}

const reader = new CanonicalReader()
const standardReader = new CanonicalReader({ nonFiniteAsNull: true })

/** The whole of `source` in canonical form. @throws InvalidJson */
export function canonicalJson(source: Buffer, { nonFiniteAsNull = false }: CanonicalReaderOptions = {}): Buffer {
  const chosen = nonFiniteAsNull ? standardReader : reader
  chosen.sink.clear(KEPT_BYTES)
  chosen.begin(source)
  chosen.value()
  chosen.finish()
  return Buffer.from(chosen.sink.view(0, chosen.sink.length))
}

function hasEscape(source: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (source[i] === BACKSLASH) return true
  return false
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

function isNumberByte(byte: number): boolean {
  if (isDigit(byte) || byte === POINT || byte === MINUS || byte === PLUS) return true
  return byte === LOWER_E || byte === UPPER_E
}
