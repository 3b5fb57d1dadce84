import type { ComponentChildren } from 'preact'
import { PickedNote } from './compare/picked.tsx'
import { hasScript } from './has-script.ts'
import { KEYS, toggleKeys } from './keyboard.ts'

const PLACES = [
  ['/ui/overview', 'Overview'],
  ['/ui/requests', 'Requests'],
  ['/ui/search', 'Search'],
] as const
const ADMIN = ['/ui/admin', 'Admin'] as const

interface LayoutProps {
  isOpen: boolean
  isAdmin: boolean
  /** Path of the page in the navigation that the page belongs to. */
  place: string | undefined
  children: ComponentChildren
}

/** What is around every page. */
export function Layout({ isOpen, isAdmin, place, children }: LayoutProps) {
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header>
        <a class="home" href="/ui/requests">
          Logs
        </a>
        {isOpen && <Places current={place} isAdmin={isAdmin} />}
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <PickedNote />
      <KeyList />
    </>
  )
}

function Places({ current, isAdmin }: { current: string | undefined; isAdmin: boolean }) {
  return (
    <>
      <nav aria-label="Pages">
        {[...PLACES, ...(isAdmin ? [ADMIN] : [])].map(([path, name]) => (
          <a key={path} href={path} aria-current={path === current ? 'page' : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <form class="quick" action="/ui/search">
        <input type="search" name="q" aria-label="Search all conversations" placeholder="Search   /" />
      </form>
      {hasScript.value && (
        <button type="button" aria-label="Keys" onClick={toggleKeys}>
          ?
        </button>
      )}
      <form method="post" action="/ui/logout">
        <button type="submit">Log out</button>
      </form>
    </>
  )
}

/** A modal dialog, which the browser closes with Esc. */
function KeyList() {
  return (
    <dialog class="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <table>
        <tbody>
          {KEYS.map(([key, action]) => (
            <tr key={key}>
              <th scope="row">
                <kbd>{key}</kbd>
              </th>
              <td>{action}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  )
}

export function Warnings({ texts }: { texts: readonly string[] }) {
  if (texts.length === 0) return null
  return (
    <ul class="warnings" role="status">
      {texts.map((text) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  )
}
