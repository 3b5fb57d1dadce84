import { useEffect, useRef, useState } from 'preact/hooks'
import type { RequestRow } from '../page-data.ts'
import { LiveConnection } from './live-connection.ts'

/** Older ones leave the page, so that it stays quick. */
const MAX_ROWS = 300

/** Rows that came after the page was made, the latest first. */
interface News {
  shown: readonly RequestRow[]
  /** They are shown when the user asks for them. */
  waiting: readonly RequestRow[]
}

export interface LiveRows {
  /** What to show, the latest first. */
  rows: readonly RequestRow[]
  waiting: number
  /** `off` if there is nothing to listen to, as without scripts. */
  state: 'off' | 'connecting' | 'on' | 'paused'
  setPaused(isPaused: boolean): void
  showWaiting(): void
}

const NONE: News = { shown: [], waiting: [] }

/**
 * Adds rows as their requests are stored. While the user reads the table, new ones wait.
 * @param path of the events; undefined for a page of earlier requests
 */
export function useLiveRows(rows: readonly RequestRow[], path: string | undefined): LiveRows {
  const [news, setNews] = useState(NONE)
  const [isOpen, setOpen] = useState<boolean>()
  const [isPaused, setPaused] = useState(false)
  const present = useRef({ rows, isPaused })
  present.current = { rows, isPaused }
  useEffect(() => setNews(NONE), [rows])
  useEffect(() => {
    if (path === undefined) return undefined
    const onRows = (found: RequestRow[]) => {
      const mustWait = present.current.isPaused || isReading()
      setNews((before) => withFound(before, present.current.rows, { found, mustWait }))
    }
    const connection = new LiveConnection(path, { onRows, onOpen: setOpen })
    return () => connection.close()
  }, [path])
  return {
    rows: merged(news.shown, rows),
    waiting: news.waiting.length,
    state: path === undefined ? 'off' : stateOf(isOpen, isPaused),
    setPaused,
    showWaiting: () => setNews(({ shown, waiting }) => ({ shown: merged(waiting, shown), waiting: [] })),
  }
}

function stateOf(isOpen: boolean | undefined, isPaused: boolean): LiveRows['state'] {
  if (isOpen === undefined) return 'off'
  if (isPaused) return 'paused'
  return isOpen ? 'on' : 'connecting'
}

/** True if rows that move would disturb. */
function isReading(): boolean {
  return document.querySelector('.requests tbody:hover, .requests tbody :focus') !== null || scrollY > 0
}

function withFound(
  { shown, waiting }: News,
  rows: readonly RequestRow[],
  { found, mustWait }: { found: RequestRow[]; mustWait: boolean },
): News {
  const known = new Set([...rows, ...shown, ...waiting].map(({ id }) => id))
  const fresh = found.filter(({ id }) => !known.has(id)).reverse()
  if (mustWait) return { shown, waiting: merged(fresh, waiting) }
  return { shown: merged(merged(fresh, waiting), shown), waiting: [] }
}

/** Of the same second the later ones first. */
function merged(later: readonly RequestRow[], earlier: readonly RequestRow[]): readonly RequestRow[] {
  if (later.length === 0) return earlier
  return [...later, ...earlier].sort((a, b) => b.ts - a.ts).slice(0, MAX_ROWS)
}
