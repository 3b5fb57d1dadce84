import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, write } from 'node:fs'
import { join } from 'node:path'
import { LINE_FEED } from '../../kit/ascii.ts'
import { isoDay } from '../../kit/time.ts'
import { errorMessage } from '../../kit/user-error.ts'
import { LineBuffer } from './line-buffer.ts'

export interface RequestLogOptions {
  dir: string
  /** Between the day and `.jsonl`: empty, or `.<release>`. */
  suffix: string
  /** Called at most once a minute. */
  onProblem: (problem: string) => void
}

/** How long a line waits for others, to be written together with them. */
const FLUSH_MS = 10
/** Records beyond this size that wait for the disk are dropped. */
const MAX_WAITING_BYTES = 64 * 2 ** 20
const PROBLEM_INTERVAL_MS = 60_000
const NEWLINE = Buffer.from('\n')

/**
 * Appends records to `requests-YYYY-MM-DD<suffix>.jsonl`, always whole lines. It never throws: records that cannot be
 * written are counted and reported, and requests are not affected.
 */
export class RequestLog {
  readonly #options: RequestLogOptions
  #file: { day: string; fd: number; endsWithNewline: boolean } | undefined
  /** Lines of the current day that wait for the disk. */
  #waiting = { day: '', lines: new LineBuffer() }
  /** Takes turns with the waiting buffer, so that the memory is used again. */
  #spare = new LineBuffer()
  /** Waiting lines of days that are over. */
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

  /** Bytes that wait for the disk. */
  get waitingBytes(): number {
    return this.#waiting.lines.length
  }

  /** The file that records of this moment go to. */
  get path(): string {
    return this.#pathOf(isoDay(Date.now()))
  }

  /**
   * Takes one record.
   * @param day YYYY-MM-DD
   * @param line pieces of one line, including the newline
   */
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

  /** Resolves when everything that was appended before is written or lost. */
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
        // A line that was cut off is written again as a whole, after a newline that closes its fragment.
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
