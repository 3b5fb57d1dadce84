import { useEffect, useState } from 'preact/hooks'

/** A list that the user gave a name. */
interface SavedView {
  name: string
  /** Path with filters, columns and order. */
  path: string
}

const STORE = 'logdb-views'
const MAX_NAME_LENGTH = 60

/** Views of this browser. Without scripts there are none: bookmarks do the same. */
export function SavedViews({ path }: { path: string }) {
  const [views, setViews] = useState<readonly SavedView[]>()
  useEffect(() => setViews(readViews()), [])
  if (!views) return null
  const change = (changed: readonly SavedView[]) => {
    setViews(changed)
    writeViews(changed)
  }
  const save = (event: SubmitEvent) => {
    event.preventDefault()
    event.stopPropagation()
    const form = event.currentTarget as HTMLFormElement
    const name = String(new FormData(form).get('name')).trim()
    if (name === '') return
    change([...views.filter((view) => view.name !== name), { name, path }].sort((a, b) => (a.name < b.name ? -1 : 1)))
    form.reset()
  }
  return (
    <details class="menu">
      <summary>Views</summary>
      <ul>
        {views.map((view) => (
          <li key={view.name}>
            <a href={view.path} aria-current={view.path === path}>
              {view.name}
            </a>
            <button type="button" onClick={() => change(views.filter((one) => one !== view))}>
              Delete<span class="unseen"> {view.name}</span>
            </button>
          </li>
        ))}
      </ul>
      <form class="save" onSubmit={save}>
        <input name="name" aria-label="Name of this view" placeholder="Name of this view" maxLength={MAX_NAME_LENGTH} />
        <button type="submit">Save</button>
      </form>
    </details>
  )
}

/** Anything may be stored there, also by other versions of this page. */
function readViews(): SavedView[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORE) ?? '[]')
    return Array.isArray(stored) ? stored.filter(isView) : []
  } catch {
    return []
  }
}

function isView(value: unknown): value is SavedView {
  const { name, path } = (value ?? {}) as Partial<SavedView>
  return typeof name === 'string' && typeof path === 'string' && path.startsWith('/ui/requests')
}

function writeViews(views: readonly SavedView[]): void {
  try {
    localStorage.setItem(STORE, JSON.stringify(views))
  } catch {
    // Where the browser stores nothing, views last as long as the page.
  }
}
