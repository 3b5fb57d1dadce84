import { counted, shownBytes, shownCount } from '../shown.ts'
import type { AdminData, StoreItem } from './admin-data.ts'
import { useAdmin } from './admin-state.ts'
import { ForgetForm } from './forget-form.tsx'
import { JobForms } from './job-forms.tsx'
import { JobList } from './job-list.tsx'

/** Health of the log store, and jobs that change it. */
export function AdminPage(loaded: AdminData) {
  const { store, jobs, problem, hasScripts, ask } = useAdmin(loaded)
  return (
    <>
      <h1>Admin</h1>
      <Health store={store} />
      {store.follow === null && (
        <p class="warnings">
          No process reads the logs and takes jobs. Start one and leave it running: <code>logdb ingest --follow</code>
        </p>
      )}
      {problem !== '' && (
        <p class="warnings" role="alert">
          {problem}
        </p>
      )}
      {hasScripts && <JobForms ask={ask} />}
      {hasScripts && <ForgetForm jobs={jobs} ask={ask} />}
      <noscript>
        <p class="note">Jobs need scripts.</p>
      </noscript>
      <JobList jobs={jobs} />
      <Quarantined store={store} />
    </>
  )
}

function Health({ store }: { store: StoreItem }) {
  const { partitions, first_day, last_day, unread_bytes, follow, last_bundle, last_backup } = store
  const facts: [name: string, value: string][] = [
    ['Days', first_day === null ? 'none' : `${first_day} to ${last_day}, ${counted(partitions, 'database')}`],
    ['Size', shownBytes(store.bytes)],
    ['Not read yet', unread_bytes === null ? 'the logs are not on this machine' : shownBytes(unread_bytes)],
    ['Up to date at', follow?.up_to_date_at?.slice(0, 19).replace('T', ' ') ?? 'not known'],
    ['Unreadable records', shownCount(store.quarantined)],
    ['Last bundle', keptText(last_bundle)],
    ['Last backup', keptText(last_backup)],
  ]
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function keptText(file: StoreItem['last_bundle']): string {
  return file ? `${file.name}, ${shownBytes(file.bytes)}, ${file.made_at.slice(0, 10)}` : 'none is here'
}

function Quarantined({ store: { errors, quarantined } }: { store: StoreItem }) {
  if (quarantined === 0) return null
  return (
    <section>
      <h2>Unreadable records</h2>
      <p class="note">
        {quarantined > errors.length ? `These are the first ${errors.length}. ` : ''}
        <code>logdb errors retry</code> reads them again.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: on a narrow screen it scrolls, also with the keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Unreadable records">
        <table class="errors">
          <thead>
            <tr>
              {['File', 'Byte', 'Reason', 'It begins with'].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {errors.map(({ path, offset, reason, head }) => (
              <tr key={`${path} ${offset}`}>
                <td>{path}</td>
                <td class="number">{offset}</td>
                <td>{reason}</td>
                <td dir="auto">
                  <code>{head.slice(0, 200)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}
