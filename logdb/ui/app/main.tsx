import { signal } from '@preact/signals'
import { hydrate } from 'preact'
import { pick, restorePicked } from './compare/picked.tsx'
import { restoreMarkdown } from './conversation/said-text.tsx'
import { hasScript } from './has-script.ts'
import { listenToKeys } from './keyboard.ts'
import { Page } from './page.tsx'
import type { PageData } from './page-data.ts'

/** What is shown. The server sends it with the first HTML, and alone for every later page. */
const shown = signal<PageData>(JSON.parse(document.getElementById('data')?.textContent ?? '{}'))
let loading: AbortController | undefined

function App() {
  return <Page data={shown.value} />
}

/** Shows a page of ours without loading a document; anything unexpected is left to the browser. */
async function show(url: URL): Promise<void> {
  loading?.abort()
  const controller = new AbortController()
  loading = controller
  try {
    const answer = await fetch(url, { headers: { accept: 'application/json' }, signal: controller.signal })
    const data: PageData = await answer.json()
    if (data.kind === undefined || data.kind === 'login') return location.assign(url)
    shown.value = data
    document.title = data.title
  } catch {
    if (!controller.signal.aborted) location.assign(url)
  }
}

async function go(url: URL): Promise<void> {
  history.pushState(null, '', url)
  await show(url)
  scrollTo(0, 0)
  document.getElementById('main')?.focus({ preventScroll: true })
}

function isOurPage(url: URL): boolean {
  return url.origin === location.origin && url.pathname.startsWith('/ui/') && !url.pathname.startsWith('/ui/v1/')
}

function followLink(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest('a') : null
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
  if (!link || !isPlain || event.defaultPrevented || link.target !== '') return
  const url = new URL(link.href)
  if (!isOurPage(url) || (url.hash !== '' && url.pathname === location.pathname)) return
  event.preventDefault()
  void go(url)
}

/** A form that only asks has its answer in a URL, without the fields that are empty. */
function sendForm(event: SubmitEvent): void {
  const { target: form } = event
  if (!(form instanceof HTMLFormElement) || form.method !== 'get') return
  event.preventDefault()
  const url = new URL(form.action)
  for (const [name, value] of new FormData(form)) if (value !== '') url.searchParams.set(name, String(value))
  void go(url)
}

hydrate(<App />, document.body)
hasScript.value = true
restorePicked()
restoreMarkdown()
addEventListener('click', followLink)
addEventListener('submit', sendForm)
addEventListener('popstate', () => void show(new URL(location.href)))
listenToKeys({ pick: (id) => pick(id, (path) => void go(new URL(path, location.href))) })
