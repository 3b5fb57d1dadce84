import { counted } from '../shown.ts'
import type { JobItem } from './admin-data.ts'
import { requestsIn } from './forget-form.tsx'

/** The jobs of this process of the UI, the latest first. */
export function JobList({ jobs }: { jobs: readonly JobItem[] }) {
  if (jobs.length === 0) return null
  return (
    <ul class="jobs" aria-live="polite">
      {jobs.map((job) => (
        <li key={job.id} class={job.state === 'failed' ? 'bad' : undefined}>
          <span>{titleOf(job)}</span> <span class="status">{stateText(job)}</span>
          {job.progress !== null && job.state === 'running' && (
            <progress value={job.progress.done} max={Math.max(1, job.progress.total)} aria-label="Progress" />
          )}
          {job.error !== null && (
            <span class="note">
              {job.error.message}; {job.error.hint}
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}

function titleOf({ job, options, asked_at }: JobItem): string {
  const given = Object.entries(options).filter(([name, value]) => name !== 'dry_run' && value !== undefined)
  const text = given.map(([name, value]) => `${name} ${value}`).join(' ')
  const count = options['dry_run'] === true ? ' (only count)' : ''
  return `${asked_at.slice(11, 19)} ${job}${count} ${text}`.trim()
}

function stateText({ state, job, result }: JobItem): string {
  if (state !== 'done') return state
  if (job === 'forget') return `done: ${counted(requestsIn(result), 'request')}`
  const { rows_inserted, path } = (result ?? {}) as { rows_inserted?: number; path?: string | null }
  if (rows_inserted !== undefined) return `done: ${counted(rows_inserted, 'new request')}`
  if (path === null) return 'done: there are no requests of these days'
  return path === undefined ? 'done' : `done: ${path}`
}
