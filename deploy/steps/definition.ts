import type { Host } from '../host/host.ts'
import type { ReleaseFile } from '../local/build-context.ts'
import type { Change, Kind } from '../plan/change.ts'
import type { Traffic } from '../probe/traffic.ts'
import type { Facts } from '../server/facts.ts'
import type { ServerLayout } from '../server/layout.ts'

/** A server while a plan is carried out on it. */
export interface Server {
  host: Host
  layout: ServerLayout
  /** As they were gathered, or as an earlier change of the plan has found them since. */
  facts: Facts
  /** Files of this machine that the gateway's image is built from, for a release that is uploaded from here. */
  buildContext: readonly ReleaseFile[]
  /** Aborted when the user interrupts. */
  signal: AbortSignal
  now: Date
  /** Who runs the plan, and from where. */
  actor: string
  verb: string
  /** Takes a sentence, without a full stop, about what failed but does not matter to clients. */
  warn(sentence: string): void
  /** What one change finds for a later one. */
  measured: Measured
}

/** A release that starts. */
export interface Starting {
  change: Change<'start-release'>
  /** Its container is made. */
  made: Promise<void>
}

export interface Measured {
  starting?: Starting
  /** What a completion of the built-in model took before the switch, through the edge. */
  echoMs?: number | undefined
  /** The user ended the watch; the release stays. */
  isWatchInterrupted?: boolean
  /** Sent while the server is drilled. */
  traffic?: Traffic
  /** What each switch took, from the first byte of the route file to the first answer of the other instance. */
  switchedMs?: number[]
  /** A gateway of this backup has answered. */
  rehearsedBackup?: string
}

/** Everything about one kind of change, except when it is needed: plan/make-plan.ts decides that. */
export interface Definition<K extends Kind> {
  /** Sentences for people, without a full stop; none if a sentence of another change covers it. */
  describe(change: Change<K>): string[]
  /**
   * Lines below its sentence in a plan, without a full stop: its reason, its parts, what differs. Those of a change without
   * a sentence stand below the release that starts.
   */
  explain?(change: Change<K>, facts: Facts): string[]
  /** What clients notice of it; undefined if nothing. */
  downtime?(change: Change<K>): string | undefined
  /** Time, space or traffic that is worth a word before it is made. */
  cost?(change: Change<K>, facts: Facts): string | undefined
  /** Shown while it runs. */
  title: string
  /**
   * @param report shows a line of output
   * @returns what was done, and the facts if they are different now
   */
  run(change: Change<K>, server: Server, report: (line: string) => void): Promise<string | NewFacts>
  /** Takes it back. Known before `run` begins, so it must have no effect where `run` did nothing. */
  undo(change: Change<K>, server: Server): Undo | undefined
  /**
   * From when on nothing of the plan is undone: `before` for a change of what is already in place (its failure must not
   * take the rest back), `after` for the one that puts it in place.
   */
  settles?: 'before' | 'after'
}

interface NewFacts {
  done: string
  facts: Facts
}

export interface Undo {
  /** Completes "could not ...". */
  what: string
  action(): Promise<void>
  /** When this cannot be undone, earlier changes may still be needed and stay. */
  guardsEarlier?: boolean
}
