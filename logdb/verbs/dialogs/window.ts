import { parseDuration } from '../../../kit/settings/duration.ts'
import { sha256 } from '../../../kit/sha256.ts'
import type { GroupableRequest } from '../../store/partition/dialogs.ts'

export const DEFAULT_WINDOW_S = 1800
const DIALOG_ID_DIGITS = 16

/** Seconds, at least 1, of `30m`, `45s`, `2h`, `1800`; any milliseconds are one second. Undefined for anything else. */
export function parseWindow(text: string): number | undefined {
  const windowMs = parseDuration(text)
  if (windowMs === undefined) return undefined
  return /ms\s*$/i.test(text) ? 1 : Math.max(1, windowMs / 1000)
}

/** Requests of one group without a pause that is longer than the window. */
interface Run {
  /** Seconds since 1970. */
  firstTs: number
  lastTs: number
  dialogId: string
}

/** Requests that may come from one user: same key, endpoint and answering model. */
function groupOf({ apiKeyHash, endpoint, modelMapped }: GroupableRequest): string {
  return `${apiKeyHash}|${endpoint}|${modelMapped}`
}

function runFrom(group: string, firstTs: number, lastTs: number): Run {
  const digest = sha256(`${group}|${firstTs}`)
  return { firstTs, lastTs, dialogId: `dlg-${digest.slice(0, DIALOG_ID_DIGITS)}` }
}

/** Finds the dialog of each request; they must come in the order of time. A longer pause begins a new dialog. */
export class WindowDialogs {
  readonly #windowS: number
  readonly #runs: Map<string, Run>

  /** @param runs those that may continue, by their groups */
  constructor(windowS: number, runs: Map<string, Run>) {
    this.#windowS = windowS
    this.#runs = runs
  }

  dialogOf(request: GroupableRequest): string {
    const group = groupOf(request)
    const known = this.#runs.get(group)
    const run =
      known && Math.abs(request.ts - known.lastTs) <= this.#windowS ? known : runFrom(group, request.ts, request.ts)
    run.lastTs = Math.max(run.lastTs, request.ts)
    this.#runs.set(group, run)
    return run.dialogId
  }
}

/** Finds the runs that may continue after a moment, from the requests before it, the latest first. */
export class PrecedingRuns {
  readonly #windowS: number
  readonly #endTs: number
  readonly #found = new Map<string, { firstTs: number; lastTs: number }>()

  /** @param endTs the moment, in seconds since 1970 */
  constructor(windowS: number, endTs: number) {
    this.#windowS = windowS
    this.#endTs = endTs
  }

  /** True if a request at this time or before it can still belong to one of the runs. */
  reachTo(ts: number): boolean {
    const starts = [...this.#found.values()].map(({ firstTs }) => firstTs)
    return [this.#endTs, ...starts].some((start) => start - ts <= this.#windowS)
  }

  add(request: GroupableRequest): void {
    const group = groupOf(request)
    const run = this.#found.get(group) ?? { firstTs: this.#endTs, lastTs: request.ts }
    if (run.firstTs - request.ts > this.#windowS) return
    run.firstTs = request.ts
    this.#found.set(group, run)
  }

  runs(): Map<string, Run> {
    const found = [...this.#found]
    return new Map(found.map(([group, { firstTs, lastTs }]) => [group, runFrom(group, firstTs, lastTs)]))
  }
}
