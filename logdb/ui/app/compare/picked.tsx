import { signal } from '@preact/signals'
import { hasScript } from '../has-script.ts'
import { comparePath, shortId } from '../shown.ts'

const STORED = 'picked'

/** Id of the request that waits for another one to be compared with. */
const picked = signal<string | undefined>(undefined)

/** For a page that was just opened. */
export function restorePicked(): void {
  picked.value = sessionStorage.getItem(STORED) ?? undefined
}

/** Picks the first request, or opens the page that compares it with this one. @param open shows a path */
export function pick(id: string, open: (path: string) => void): void {
  const first = picked.value
  setPicked(first === undefined ? id : undefined)
  if (first !== undefined && first !== id) open(comparePath(first, id))
}

function setPicked(id: string | undefined): void {
  picked.value = id
  if (id === undefined) sessionStorage.removeItem(STORED)
  else sessionStorage.setItem(STORED, id)
}

/** Which request is picked, on every page. */
export function PickedNote() {
  const id = picked.value
  return (
    <div class="picked" role="status">
      {id !== undefined && (
        <>
          <span>Request {shortId(id)} is picked. Press c on another one to compare them.</span>
          <button type="button" onClick={() => setPicked(undefined)}>
            Cancel
          </button>
        </>
      )}
    </div>
  )
}

/** The same as `c`; a link, because it may open another page. */
export function PickButton({ id }: { id: string }) {
  if (!hasScript.value) return null
  const first = picked.value
  if (first !== undefined && first !== id) {
    return (
      <a class="button" href={comparePath(first, id)} onClick={() => setPicked(undefined)}>
        Compare with {shortId(first)}
      </a>
    )
  }
  return (
    <button type="button" aria-pressed={first === id} onClick={() => setPicked(first === id ? undefined : id)}>
      Compare
    </button>
  )
}
