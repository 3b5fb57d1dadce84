import { useState } from 'preact/hooks'
import { counted } from '../shown.ts'
import type { JobItem } from './admin-data.ts'
import type { Ask } from './admin-state.ts'

/** One of the selectors and its value. */
type Selection = Record<string, string>

const SELECTORS = { request_id: 'Request', key: 'API key', dialog: 'Dialog' } as const

/** First counts what would be removed; only then it can be removed. */
export function ForgetForm({ jobs, ask }: { jobs: readonly JobItem[]; ask: Ask }) {
  const [selection, setSelection] = useState<Selection>()
  const counting = selection && jobs.find((job) => isCountOf(job, selection))
  const count = (chosen: Selection) => {
    setSelection(chosen)
    void ask('/ui/v1/forget', { ...chosen, dry_run: true })
  }
  const remove = () => {
    setSelection(undefined)
    void ask('/ui/v1/forget', { ...selection, dry_run: false })
  }
  return (
    <section>
      <h2>Forget requests</h2>
      <SelectionForm count={count} />
      {counting?.state === 'done' && (
        <p role="alert">
          {counted(requestsIn(counting.result), 'request')} would be removed permanently, from the databases and from
          the logs.{' '}
          <button type="button" class="danger" onClick={remove}>
            Remove them
          </button>
        </p>
      )}
    </section>
  )
}

function SelectionForm({ count }: { count: (chosen: Selection) => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    event.stopPropagation()
    const data = new FormData(event.currentTarget as HTMLFormElement)
    count({ [String(data.get('by'))]: String(data.get('value')).trim() })
  }
  return (
    <form class="filters" method="post" onSubmit={submit}>
      <label>
        All of one
        <select name="by">
          {Object.entries(SELECTORS).map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <label class="wide">
        Id, or hash of the key
        <input name="value" required />
      </label>
      <button type="submit">Count</button>
    </form>
  )
}

function isCountOf({ job, options }: JobItem, selection: Selection): boolean {
  const isSame = Object.entries(selection).every(([name, value]) => options[name] === value)
  return job === 'forget' && options['dry_run'] === true && isSame
}

export function requestsIn(result: unknown): number {
  const { partitions = [] } = (result ?? {}) as { partitions?: { forgotten: number }[] }
  return partitions.reduce((sum, { forgotten }) => sum + forgotten, 0)
}
