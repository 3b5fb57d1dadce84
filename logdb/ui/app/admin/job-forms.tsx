import type { Ask } from './admin-state.ts'

const JOBS = {
  ingest: 'Read the logs now',
  index: 'Index texts',
  dialogs: 'Assign dialogs',
  bundle: 'Make a bundle',
} as const

/** A button for each job; those of days take the days that are given. */
export function JobForms({ ask }: { ask: Ask }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    event.stopPropagation()
    const given = [...new FormData(event.currentTarget as HTMLFormElement)].filter(([, value]) => value !== '')
    const { value: job } = event.submitter as HTMLButtonElement
    void ask('/ui/v1/jobs', { job, ...(job !== 'ingest' && Object.fromEntries(given)) })
  }
  return (
    <section>
      <h2>Jobs</h2>
      <form class="filters" method="post" onSubmit={submit}>
        <label>
          From (UTC)
          <input type="date" name="since" />
        </label>
        <label>
          To
          <input type="date" name="to" />
        </label>
        {Object.entries(JOBS).map(([job, label]) => (
          <button key={job} type="submit" value={job}>
            {label}
          </button>
        ))}
      </form>
    </section>
  )
}
