import { releaseOf } from './instance.ts'

/** state.json: what deploy did last. The route file wins where they disagree. */
export interface State {
  version: 1
  live: ReleaseState
  /** What `--rollback` goes back to. */
  previous: ReleaseState | null
  /** Counter of the last backup; undefined if none was made yet. */
  backups?: number | undefined
  /** ISO time. */
  updatedAt: string
}

export interface ReleaseState {
  release: string
  instance: string
}

/** Null for a file that is not ours: the route file is enough to continue. */
export function parseState(text: string): State | null {
  try {
    const state: State = JSON.parse(text)
    const isWhole = state.version === 1 && isReleaseState(state.live)
    return isWhole && (state.previous === null || isReleaseState(state.previous)) ? state : null
  } catch {
    return null
  }
}

function isReleaseState({ release, instance }: ReleaseState): boolean {
  return releaseOf(instance) === release && /^\d{8}-\d{6}$/.test(release)
}

export function renderState(state: State): string {
  return `${JSON.stringify(state, null, 2)}\n`
}

/** ready.json of a release: written when it has answered through the edge, before it takes over for the first time. */
export interface ReadyMark {
  release: string
  /** ISO time. */
  at: string
  /** Who started it, and from where. */
  by: string
  /** Verb of the run. */
  verb: string
  /** Sentence of the plan: why it was started. */
  why: string
  /** Why it was taken back after it had taken over: it is not a target of rollbacks any more. */
  failed?: string
}

export const READY_FILE = 'ready.json'

/** An unreadable mark still shows that the release was ready. */
export function parseReadyMark(text: string, release: string): ReadyMark {
  const read = (): Partial<ReadyMark> => {
    try {
      return { ...JSON.parse(text) }
    } catch {
      return {}
    }
  }
  const { at, by, verb, why, failed } = read()
  return {
    ...{ release, at: `${at ?? ''}`, by: `${by ?? ''}`, verb: `${verb ?? ''}`, why: `${why ?? ''}` },
    ...(failed !== undefined && { failed: `${failed}` }),
  }
}

export function renderReadyMark(mark: ReadyMark): string {
  return `${JSON.stringify(mark)}\n`
}
