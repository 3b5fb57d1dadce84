import { closeSync, constants, existsSync, fstatSync, openSync, readSync, writeSync } from 'node:fs'
import { LINE_FEED } from '../../kit/ascii.ts'
import { hasErrorCode } from '../../kit/user-error.ts'
import type { ObjectHome } from './object-home.ts'

const READ_BYTES = 256 * 1024
const NAME_LENGTH = 43
/** Codes of errors of a file that can perhaps be read, but not written. */
const READ_ONLY = ['EACCES', 'EPERM', 'EROFS']
/** More than a full segment has; reached only by one that is never written. */
const MAX_OBJECTS = 250_000
const SEPARATOR = '\t'
/** Comes before new lines: one that was cut off anywhere, as on a full disk, then has too many separators to be a line. */
const END_OF_CUT = `${SEPARATOR.repeat(3)}\n`
/** Provider, key and owner; the last two may be empty. */
const HOME = /^([^\t]+)\t([^\t]*)\t([^\t]*)$/

/** One of the files, with what it says in memory. */
export class ObjectSegment {
  readonly number: number
  /** By the hash of an object's id. */
  readonly homes = new Map<string, ObjectHome>()
  /** Undefined if there is no file. */
  #fd: number | undefined
  #isReadOnly = false
  #readBytes = 0
  /** Few, because they differ only in provider and keys; shared by all objects. */
  readonly #known = new Map<string, ObjectHome | undefined>()

  /** @param path undefined for one that is only in memory */
  constructor(number: number, path?: string) {
    this.number = number
    if (path !== undefined) this.#open(path)
  }

  /** What another user has written may still be read. */
  #open(path: string): void {
    try {
      this.#fd = openSync(path, constants.O_APPEND | constants.O_CREAT | constants.O_RDWR, 0o640)
    } catch (error) {
      if (!READ_ONLY.some((code) => hasErrorCode(error, code)) || !existsSync(path)) throw error
      this.#fd = openSync(path, constants.O_RDONLY)
      this.#isReadOnly = true
    }
  }

  /** Whether it is smaller than this, and its file still exists. */
  isWritable(maxBytes: number): boolean {
    if (this.#fd === undefined || this.#isReadOnly) return false
    const { size, nlink } = fstatSync(this.#fd)
    return nlink > 0 && size < maxBytes
  }

  /** One write of whole lines, so that lines of several processes do not mix. */
  append(names: readonly string[], home: ObjectHome): void {
    if (this.homes.size > MAX_OBJECTS) this.homes.clear()
    for (const name of names) this.homes.set(name, home)
    if (this.#fd === undefined || this.#isReadOnly) return
    const end = `${SEPARATOR}${home.provider}${SEPARATOR}${home.key}${SEPARATOR}${home.owner}\n`
    writeSync(this.#fd, END_OF_CUT + names.map((name) => name + end).join(''))
  }

  readNew(): void {
    if (this.#fd === undefined) return
    const { size } = fstatSync(this.#fd)
    // Somebody has made it shorter.
    if (size < this.#readBytes) this.#readBytes = 0
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(size - this.#readBytes, 0)))
    while (this.#readBytes < size) {
      const bytes = buffer.subarray(0, readSync(this.#fd, buffer, 0, buffer.length, this.#readBytes))
      const end = bytes.lastIndexOf(LINE_FEED) + 1
      this.#readLines(bytes.subarray(0, end))
      // The rest of the line is being written, unless that is too long for a line: after a power cut there may be zeros.
      if (end === 0 && bytes.length < READ_BYTES) return
      this.#readBytes += end || bytes.length
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #readLines(lines: Buffer): void {
    for (let start = 0; start < lines.length; ) {
      const end = lines.indexOf(LINE_FEED, start)
      const homeStart = start + NAME_LENGTH + SEPARATOR.length
      const home = this.#homeOf(homeStart < end ? lines.toString('latin1', homeStart, end) : '')
      if (home) this.homes.set(lines.toString('latin1', start, start + NAME_LENGTH), home)
      start = end + 1
    }
  }

  /** Undefined for a line that is not whole. */
  #homeOf(text: string): ObjectHome | undefined {
    if (this.#known.has(text)) return this.#known.get(text)
    const [, provider, key, owner] = HOME.exec(text) ?? []
    const home =
      provider !== undefined && key !== undefined && owner !== undefined ? { provider, key, owner } : undefined
    this.#known.set(text, home)
    return home
  }
}
