import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, write } from 'node:fs'
import { join } from 'node:path'
import { errorMessage } from '../../kit/user-error.ts'
import { LineBuffer } from './line-buffer.ts'

export interface RequestLogOptions {
  dir: string
  /** Between the day and `.jsonl`: empty, or `.<release>`. */
  suffix: string
  /** Told at most once a minute. */
  onProblem: (problem: string) => void
}

/** Lines wait this long for others to be written with. */
const FLUSH_MS = 10
/** More than this waiting for the disk is dropped. */
const MAX_WAITING_BYTES = 64 * 2 ** 20
const PROBLEM_INTERVAL_MS = 60_000
const LINE_FEED = 0x0a
const NEWLINE = Buffer.from('\n')

/**
 * Appends records to `requests-YYYY-MM-DD<suffix>.jsonl`, whole lines at a time. It never throws: what cannot be written
 * is counted and reported, and requests go on.
 */
export class RequestLog {
  readonly #options: RequestLogOptions
  #file: { day: string; fd: number; endsWithNewline: boolean } | undefined
  /** Of one day; the one before is written when the day ends. */
  #waiting = { day: '', lines: new LineBuffer() }
  /** Taken in turn with the waiting one, so that the memory is used again. */
  #spare = new LineBuffer()
  /** Of a day that is over. */
  #earlier: { day: string; lines: LineBuffer }[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #lost = 0
  #lastProblemAt = Number.NEGATIVE_INFINITY

  constructor(options: RequestLogOptions) {
    this.#options = options
  }

  /** Records that could not be written. */
  get lost(): number {
    return this.#lost
  }

  /** What waits for the disk. */
  get waitingBytes(): number {
    return this.#waiting.lines.length
  }

  /** Where records of this moment go. */
  get path(): string {
    return this.#pathOf(new Date().toISOString().slice(0, 10))
  }

  /** Takes the pieces of one line, newline included; `day` is YYYY-MM-DD. */
  append(day: string, line: readonly (string | Buffer)[]): void {
    if (day !== this.#waiting.day) this.#beginDay(day)
    const { lines } = this.#waiting
    const length = line.reduce((sum, piece) => sum + piece.length, 0)
    if (lines.length + length > MAX_WAITING_BYTES) {
      this.#lose(1, 'the disk is too slow')
      return
    }
    lines.append(line)
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS)
  }

  /** Resolves when all that was appended before is written or lost. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (this.#writing) await this.#writing
    if (this.#waiting.lines.length === 0 && this.#earlier.length === 0) return
    this.#writing = this.#writeWaiting().finally(() => {
      this.#writing = undefined
    })
    await this.#writing
  }

  async close(): Promise<void> {
    await this.flush()
    this.#closeFile()
  }

  async #writeWaiting(): Promise<void> {
    const { day, lines } = this.#waiting
    const earlier = this.#earlier
    this.#waiting = { day, lines: this.#spare }
    this.#earlier = []
    for (const before of earlier) await this.#writeLines(before.day, before.lines.content)
    await this.#writeLines(day, lines.content)
    lines.clear()
    this.#spare = lines
  }

  #beginDay(day: string): void {
    if (this.#waiting.lines.length > 0) {
      this.#earlier.push(this.#waiting)
      this.#waiting = { day, lines: new LineBuffer() }
    }
    this.#waiting.day = day
  }

  async #writeLines(day: string, lines: Buffer): Promise<void> {
    let rest = lines
    try {
      while (rest.length > 0) {
        const file = this.#open(day)
        const bytes = file.endsWithNewline ? rest : Buffer.concat([NEWLINE, rest])
        const written = await writeOnce(file.fd, bytes)
        file.endsWithNewline = written > 0 ? bytes[written - 1] === LINE_FEED : file.endsWithNewline
        // A line that was cut is written again, whole, after the newline that closes its fragment.
        const wholeLines =
          written === bytes.length ? written : bytes.lastIndexOf(LINE_FEED, Math.max(written - 1, 0)) + 1
        rest = bytes.subarray(written === 0 ? 0 : wholeLines)
        if (written === 0) throw new Error('nothing could be written')
      }
    } catch (error) {
      this.#closeFile()
      this.#lose(countLines(rest), errorMessage(error))
    }
  }

  #open(day: string): { fd: number; endsWithNewline: boolean } {
    if (this.#file?.day === day && fstatSync(this.#file.fd).nlink > 0) return this.#file
    this.#closeFile()
    mkdirSync(this.#options.dir, { recursive: true })
    const fd = openSync(this.#pathOf(day), constants.O_APPEND | constants.O_CREAT | constants.O_RDWR, 0o640)
    this.#file = { day, fd, endsWithNewline: endsWithNewline(fd) }
    return this.#file
  }

  #pathOf(day: string): string {
    return join(this.#options.dir, `requests-${day}${this.#options.suffix}.jsonl`)
  }

  #closeFile(): void {
    if (this.#file) closeSync(this.#file.fd)
    this.#file = undefined
  }

  #lose(count: number, reason: string): void {
    this.#lost += count
    if (performance.now() - this.#lastProblemAt < PROBLEM_INTERVAL_MS) return
    this.#lastProblemAt = performance.now()
    this.#options.onProblem(`${this.#lost} records could not be written to ${this.#options.dir}: ${reason}`)
  }
}

function writeOnce(fd: number, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, (error, written) => (error ? reject(error) : resolve(written)))
  })
}

/** True for an empty file. */
function endsWithNewline(fd: number): boolean {
  const { size } = fstatSync(fd)
  if (size === 0) return true
  const last = Buffer.alloc(1)
  readSync(fd, last, 0, 1, size - 1)
  return last[0] === LINE_FEED
}

function countLines(lines: Buffer): number {
  let count = 0
  for (let at = lines.indexOf(LINE_FEED); at !== -1; at = lines.indexOf(LINE_FEED, at + 1)) count++
  return count
}
