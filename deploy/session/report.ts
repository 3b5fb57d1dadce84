import type { Context, OpenServer } from '../commands/shared.ts'
import type { StepTime } from './run-steps.ts'

export interface Outcome {
  changed: boolean
  url: string
  /** Release that answers afterwards. */
  release: string | null
  /** What was, or with --dry-run would be, changed; for people. */
  changes: string[]
  /** A key that was made, shown this once. */
  apiKey?: string | null
  /** Of the steps, after connecting and looking. */
  times: StepTime[]
}

/** The result on stdout: with --json one object, else the URL when something was changed. */
export function report({ io, options }: Context, { host, times: before }: OpenServer, outcome: Outcome): void {
  const { changed, url, release, changes, apiKey, times } = outcome
  if (options.json) {
    const key = apiKey ? { api_key: apiKey } : {}
    const steps = [...before, ...times]
    io.out(JSON.stringify({ ok: true, changed, url, release, changes, ...key, ...host.counts, steps }))
    return
  }
  if (!changed) return
  io.out(url)
  if (apiKey) io.out(`API_KEY=${apiKey}`)
}
