import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Random } from '../random.ts'
import { chat, completion, jsonl, predecessorBlock, predecessorEvent, record, timestampAt } from './logs.ts'

const MOST_KEPT = 6
const MOST_BYTES_AT_ONCE = 3000
const NASTY = 'a { b } "\n}\n{\n2025-09-10 14:00:00 - INFO - {\n'

/** What the two writers write, record by record. */
export interface Stream {
  own: string[]
  predecessor: string[]
}

export function streamOf(records: number): Stream {
  const fields = (number: number) => ({
    timestamp: timestampAt(number, '2025-09-10T23:59:00Z', 100_001),
    request: chat(`question ${number} ${NASTY.repeat(number % 4)} ${'lorem ipsum '.repeat((number * 7) % 50)}`),
    response: completion(`answer ${number}`),
  })
  const numbers = Array.from({ length: records }, (_, number) => number)
  return {
    own: numbers.map((number) => jsonl([record({ ...fields(number), x_request_id: `x${number}` })])),
    predecessor: numbers.map((number) => predecessorBlock(predecessorEvent(fields(number)))),
  }
}

/** Logs that are written a few bytes at a time and rotated in all the ways that people have, without losing a byte. */
export class RotatingLogs {
  readonly #folder: string
  readonly #random: Random
  readonly #own: Writing
  readonly #old: Writing
  #ownFiles = 1
  #keptFiles = 0
  /** What is to be done next before anything else, for what takes several steps. */
  #next: (() => void)[] = []

  constructor(folder: string, { own, predecessor }: Stream, random: Random) {
    this.#folder = folder
    this.#random = random
    this.#own = new Writing(own)
    this.#old = new Writing(predecessor)
  }

  /** False when all is written. */
  step(): boolean {
    const next = this.#next.shift()
    if (next) next()
    else if (this.#own.isDone && this.#old.isDone) return false
    else this.#writeOrRotate()
    return true
  }

  #writeOrRotate(): void {
    const choice = this.#random.below(12)
    if (choice === 0) this.#rotateOwn()
    else if (choice === 1) this.#rename()
    else if (choice === 2) this.#copyAndTruncate()
    else if (choice === 3) this.#compress()
    else this.#write(choice % 2 === 0, 1 + this.#random.below(MOST_BYTES_AT_ONCE))
  }

  #write(isOwn: boolean, bytes: number): void {
    if (isOwn) appendFileSync(this.#ownPath, this.#own.take(bytes))
    else appendFileSync(this.#oldPath(''), this.#old.take(bytes))
  }

  /** A new file of ours, the last one compressed. */
  #rotateOwn(): void {
    if (!this.#own.isBetweenRecords || !existsSync(this.#ownPath)) return
    const path = this.#ownPath
    this.#ownFiles++
    this.#next = [() => writeFileSync(`${path}.gz`, gzipSync(readFileSync(path))), () => rmSync(path)]
  }

  /** The writer continues in the renamed file until a record is complete, as if it had it open. */
  #rename(): void {
    if (!existsSync(this.#oldPath(''))) return
    this.#shift()
    this.#next.push(
      () => renameSync(this.#oldPath(''), this.#oldPath('.1')),
      () => appendFileSync(this.#oldPath('.1'), this.#old.takeRestOfRecord()),
    )
  }

  #copyAndTruncate(): void {
    if (!this.#old.isBetweenRecords || !existsSync(this.#oldPath(''))) return
    this.#shift()
    this.#next.push(
      () => copyFileSync(this.#oldPath(''), this.#oldPath('.1')),
      () => truncateSync(this.#oldPath('')),
    )
  }

  /** `.1` makes place, and so do all behind it. */
  #shift(): void {
    for (let number = MOST_KEPT - 1; number >= 1; number--) {
      for (const ending of ['', '.gz'])
        this.#next.push(() => this.#move(`.${number}${ending}`, `.${number + 1}${ending}`))
    }
  }

  /** The last one is kept under another name: nothing is thrown away here. */
  #move(from: string, to: string): void {
    if (!existsSync(this.#oldPath(from))) return
    if (existsSync(this.#oldPath(to))) renameSync(this.#oldPath(to), this.#oldPath(`.kept${++this.#keptFiles}${to}`))
    renameSync(this.#oldPath(from), this.#oldPath(to))
  }

  #compress(): void {
    const path = this.#oldPath('.2')
    if (!existsSync(path) || existsSync(`${path}.gz`)) return
    this.#next = [() => writeFileSync(`${path}.gz`, gzipSync(readFileSync(path))), () => rmSync(path)]
  }

  get #ownPath(): string {
    return join(this.#folder, `requests-${this.#ownFiles}.jsonl`)
  }

  #oldPath(ending: string): string {
    return join(this.#folder, `v1_chat.log${ending}`)
  }
}

/** Bytes of records that are yet to be written. */
class Writing {
  readonly #bytes: Buffer
  readonly #ends: Set<number>
  at = 0

  constructor(records: string[]) {
    this.#bytes = Buffer.from(records.join(''))
    let end = 0
    this.#ends = new Set([0, ...records.map((text) => (end += Buffer.byteLength(text)))])
  }

  get isDone(): boolean {
    return this.at === this.#bytes.length
  }

  get isBetweenRecords(): boolean {
    return this.#ends.has(this.at)
  }

  take(count: number): Buffer {
    const bytes = this.#bytes.subarray(this.at, this.at + count)
    this.at += bytes.length
    return bytes
  }

  takeRestOfRecord(): Buffer {
    let end = this.at
    while (!this.#ends.has(end)) end++
    return this.take(end - this.at)
  }
}
