import type { PageData, RequestRow } from '../page-data.ts'
import { type RequestItem, rowOfItem } from './request-item.ts'

const RETRY_MS = 10_000

export interface LiveListener {
  /** Gets rows that may be new. */
  onRows(rows: RequestRow[]): void
  onOpen(isOpen: boolean): void
}

/**
 * Receives new requests while the page is visible: a browser allows few connections to a server, so one that nobody sees
 * takes none. What came in between is read from the page itself when the connection is open again.
 */
export class LiveConnection {
  readonly #path: string
  readonly #listener: LiveListener
  readonly #watchVisibility = () => this.#connect()
  #source: EventSource | undefined
  #retry: ReturnType<typeof setTimeout> | undefined

  constructor(path: string, listener: LiveListener) {
    this.#path = path
    this.#listener = listener
    document.addEventListener('visibilitychange', this.#watchVisibility)
    this.#connect()
  }

  close(): void {
    document.removeEventListener('visibilitychange', this.#watchVisibility)
    this.#disconnect()
  }

  #connect(): void {
    this.#disconnect()
    if (document.visibilityState === 'hidden') return
    const source = new EventSource(this.#path)
    this.#source = source
    source.addEventListener('open', () => {
      this.#listener.onOpen(true)
      void this.#readPage(source)
    })
    source.addEventListener('missed', () => void this.#readPage(source))
    source.addEventListener('requests', ({ data }) => {
      const { items }: { items: RequestItem[] } = JSON.parse(data)
      this.#listener.onRows(items.map(rowOfItem))
    })
    source.addEventListener('error', () => {
      this.#listener.onOpen(false)
      // Otherwise the browser itself connects again.
      if (source.readyState === EventSource.CLOSED) this.#retry = setTimeout(() => this.#connect(), RETRY_MS)
    })
  }

  #disconnect(): void {
    clearTimeout(this.#retry)
    this.#source?.close()
    this.#source = undefined
    this.#listener.onOpen(false)
  }

  async #readPage(source: EventSource): Promise<void> {
    const path = location.href
    try {
      const answer = await fetch(path, { headers: { accept: 'application/json' } })
      const data: PageData = await answer.json()
      // Another page may have been opened meanwhile.
      if (this.#source !== source || location.href !== path || data.kind !== 'requests') return
      this.#listener.onRows([...data.list.rows].reverse())
    } catch {
      // The connection is broken too, and says so itself.
    }
  }
}
