/** What each key does, for the page that shows all. */
export const KEYS: readonly (readonly [key: string, action: string])[] = [
  ['/', 'Search'],
  ['j', 'Next row'],
  ['k', 'Previous row'],
  ['Enter', 'Open the row'],
  ['[', 'Previous request of the dialog'],
  [']', 'Next request of the dialog, or earlier rows of a list'],
  ['c', 'Pick the request; on a second one, compare both'],
  ['?', 'Show or hide all keys'],
  ['Esc', 'Leave a field'],
]

interface KeyActions {
  /** Gets the id of the request that the row or the page is about. */
  pick(id: string): void
}

const ROWS = '.question a, .hits > li > a, .step > h2 > a'
const REQUEST_PATH = /^\/ui\/requests\/([^/]+)$/

export function listenToKeys(actions: KeyActions): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const field = event.target instanceof Element ? event.target.closest<HTMLElement>('input, textarea, select') : null
    if (field) {
      if (event.key === 'Escape') field.blur()
      return
    }
    const act = actionOf(event.key, actions)
    if (!act) return
    event.preventDefault()
    act()
  })
}

function actionOf(key: string, { pick }: KeyActions): (() => void) | undefined {
  switch (key) {
    case '/':
      return () => document.querySelector<HTMLElement>('input[type=search]')?.focus()
    case 'j':
      return () => moveBy(1)
    case 'k':
      return () => moveBy(-1)
    case '[':
      return () => document.querySelector<HTMLElement>('a[rel=prev]')?.click()
    case ']':
      return () => document.querySelector<HTMLElement>('a[rel=next]')?.click()
    case 'c':
      return () => pickHere(pick)
    case '?':
      return toggleKeys
    default:
      return undefined
  }
}

function moveBy(step: number): void {
  const links = [...document.querySelectorAll<HTMLElement>(ROWS)]
  const at = links.indexOf(document.activeElement as HTMLElement)
  links[Math.min(links.length - 1, Math.max(0, at + step))]?.focus()
}

function pickHere(pick: KeyActions['pick']): void {
  const link = document.activeElement?.closest('a')
  const [, id] = REQUEST_PATH.exec(link?.pathname ?? '') ?? REQUEST_PATH.exec(location.pathname) ?? []
  if (id !== undefined) pick(decodeURIComponent(id))
}

/** Shows or hides the list of keys. */
export function toggleKeys(): void {
  const dialog = document.querySelector<HTMLDialogElement>('dialog.keys')
  if (dialog?.open) dialog.close()
  else dialog?.showModal()
}
