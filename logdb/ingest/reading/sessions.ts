import type { CanonicalReader } from '../../canon/canonical-reader.ts'
import type { KnownMessages } from '../../record/body.ts'
import type { RowGroup } from '../../store/rows/row-group.ts'
import { ReadingSession } from './reading-session.ts'

/** Around midnight two partitions are written. */
const MAX_SESSIONS = 2

export interface SessionsOptions {
  /** Path of the partition of a UTC day. */
  partitionOf(day: string): string
  /** How much is remembered of what was read, roughly. */
  maxKnownBytes: number
}

/** What a reader remembers of each partition that it reads records for. */
export class Sessions implements KnownMessages {
  readonly #options: SessionsOptions
  readonly #byPath = new Map<string, ReadingSession>()
  /** The session of the last record. */
  current = new ReadingSession(0, '')
  #count = 0
  #ended: ReadingSession[] = []
  /** The day of the last record, and its partition. */
  #day = ''
  #path = ''

  constructor(options: SessionsOptions) {
    this.#options = options
  }

  begin(kind: number): void {
    this.current.known.begin(kind)
  }

  stepOver(reader: CanonicalReader, kind: number): number {
    return this.current.known.stepOver(reader, kind)
  }

  /** Makes the session of a day's partition the current one. False if it is so already. */
  enter(day: string): boolean {
    const path = this.#pathOf(day)
    if (path === this.current.path) return false
    this.current = this.#byPath.get(path) ?? this.#start(path)
    return true
  }

  /** Ends the current session if it remembers too much; the next record starts a new one. */
  endIfLarge(): void {
    if (this.current.sizeBytes > this.#options.maxKnownBytes / MAX_SESSIONS) this.#end(this.current)
  }

  /** What has been added since the last time, and the numbers of sessions that have ended. */
  take(): { groups: RowGroup[]; endedSessions: number[] } {
    const sessions = [...this.#ended, ...this.#byPath.values()]
    const groups = sessions.flatMap((session) => session.takeGroup())
    const endedSessions = this.#ended.map(({ number }) => number)
    this.#ended = []
    return { groups, endedSessions }
  }

  #pathOf(day: string): string {
    if (day !== this.#day) {
      this.#day = day
      this.#path = this.#options.partitionOf(day)
    }
    return this.#path
  }

  #start(path: string): ReadingSession {
    const session = new ReadingSession(++this.#count, path)
    const [oldest] = this.#byPath.values()
    if (this.#byPath.size >= MAX_SESSIONS && oldest) this.#end(oldest)
    this.#byPath.set(path, session)
    return session
  }

  #end(session: ReadingSession): void {
    this.#byPath.delete(session.path)
    this.#ended.push(session)
    if (this.current === session) this.current = new ReadingSession(0, '')
  }
}
