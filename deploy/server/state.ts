/** state.json: what deploy did last. The route file wins where they disagree. */
export interface State {
  version: 1
  live: ReleaseState
  /** What `--rollback` goes back to. */
  previous: ReleaseState | null
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
    return state.version === 1 && typeof state.live.instance === 'string' ? state : null
  } catch {
    return null
  }
}

export function renderState(state: State): string {
  return `${JSON.stringify(state, null, 2)}\n`
}
