import { hash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errorMessage, hasErrorCode } from '../../kit/user-error.ts'
import type { ObjectHome } from './object-home.ts'
import { ObjectSegment } from './object-segment.ts'

export interface ObjectFileOptions {
  /** Holds nothing else. */
  dir: string
  /** Called at most once a minute. */
  onProblem: (problem: string) => void
  /** A segment of this size gets no more lines. */
  segmentBytes?: number
}

/** About 90,000 objects each. */
const SEGMENT_BYTES = 8 * 2 ** 20
/** With another one, the first is removed. */
const MAX_SEGMENTS = 4
const SEGMENT_NAME = /^(\d{1,15})\.tsv$/
const PROBLEM_INTERVAL_MS = 60_000
/** The number of a segment that is only in memory. */
const UNWRITTEN = 0

/**
 * Remembers which key of a provider made an object (a file, a batch, a response, encrypted reasoning), and for whom. It
 * holds hashes of ids, never ids or keys. All workers and releases append lines to the same files and read each other's
 * lines; the size is limited, and the oldest objects are forgotten. It never throws: without its files it still remembers
 * the objects of this process.
 */
export class ObjectFile {
  readonly #options: ObjectFileOptions
  readonly #segmentBytes: number
  /** The newest comes last. */
  #segments: ObjectSegment[] = []
  #lastProblemAt = Number.NEGATIVE_INFINITY

  constructor(options: ObjectFileOptions) {
    this.#options = options
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES
  }

  /** Undefined for an object that is not known. */
  find(id: string): ObjectHome | undefined {
    return this.findAll([id])[0]
  }

  /** The same for several, in their order. */
  findAll(ids: readonly string[]): (ObjectHome | undefined)[] {
    const names = ids.map(nameOf)
    if (names.some((name) => !this.#lookUp(name))) this.#guarded(() => this.#readNew())
    return names.map((name) => this.#lookUp(name))
  }

  /** From now on, every worker and release finds these objects. */
  add(ids: readonly string[], home: ObjectHome): void {
    const names = ids.map(nameOf).filter((name) => !isSame(this.#lookUp(name), home))
    if (names.length === 0) return
    const segment = this.#guarded(() => this.#current()) ?? this.#segments.at(-1) ?? this.#unwritten()
    this.#guarded(() => segment.append(names, home))
  }

  close(): void {
    for (const segment of this.#segments) segment.close()
    this.#segments = []
  }

  #lookUp(name: string): ObjectHome | undefined {
    for (let at = this.#segments.length - 1; at >= 0; at--) {
      const home = this.#segments[at]?.homes.get(name)
      if (home) return home
    }
    return undefined
  }

  /** The segment that takes the next lines. */
  #current(): ObjectSegment {
    const last = this.#segments.at(-1)
    if (last?.isWritable(this.#segmentBytes)) return last
    // Another process may have begun the next one.
    this.#readNew()
    const newest = this.#segments.at(-1)
    if (newest?.isWritable(this.#segmentBytes)) return newest
    mkdirSync(this.#options.dir, { recursive: true })
    const next = this.#open(Math.max(newest?.number ?? 0, this.#numbers().at(-1) ?? 0) + 1)
    for (const number of this.#numbers().slice(0, -MAX_SEGMENTS)) rmSync(this.#pathOf(number), { force: true })
    this.#readNew()
    return next
  }

  /** Reads what was appended by any process since the last time. */
  #readNew(): void {
    const numbers = this.#numbers()
    for (const segment of this.#segments.filter(({ number }) => number !== UNWRITTEN && !numbers.includes(number)))
      this.#forget(segment)
    const known = new Set(this.#segments.map(({ number }) => number))
    for (const number of numbers.filter((one) => !known.has(one))) this.#guarded(() => this.#open(number))
    for (const segment of this.#segments) this.#guarded(() => segment.readNew())
  }

  #open(number: number): ObjectSegment {
    const segment = new ObjectSegment(number, this.#pathOf(number))
    this.#segments.push(segment)
    this.#segments.sort((a, b) => a.number - b.number)
    return segment
  }

  #unwritten(): ObjectSegment {
    const segment = new ObjectSegment(UNWRITTEN)
    this.#segments.push(segment)
    return segment
  }

  #forget(segment: ObjectSegment): void {
    segment.close()
    this.#segments = this.#segments.filter((other) => other !== segment)
  }

  #numbers(): number[] {
    const names = this.#guarded(() => readdirSync(this.#options.dir), 'ENOENT') ?? []
    const numbers = names.map((name) => Number(SEGMENT_NAME.exec(name)?.[1]))
    return numbers.filter((number) => !Number.isNaN(number)).sort((a, b) => a - b)
  }

  #pathOf(number: number): string {
    return join(this.#options.dir, `${number}.tsv`)
  }

  /** @param expected code of an error that is not a problem */
  #guarded<T>(act: () => T, expected = ''): T | undefined {
    try {
      return act()
    } catch (error) {
      if (!hasErrorCode(error, expected)) this.#report(errorMessage(error))
      return undefined
    }
  }

  #report(reason: string): void {
    if (performance.now() - this.#lastProblemAt < PROBLEM_INTERVAL_MS) return
    this.#lastProblemAt = performance.now()
    this.#options.onProblem(`the makers of objects cannot be kept in ${this.#options.dir}: ${reason}`)
  }
}

/** 43 characters. */
function nameOf(id: string): string {
  return hash('sha256', id, 'base64url')
}

function isSame(known: ObjectHome | undefined, home: ObjectHome): boolean {
  return known?.provider === home.provider && known.key === home.key && known.owner === home.owner
}
