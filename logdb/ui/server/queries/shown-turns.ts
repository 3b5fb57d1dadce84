import type { Turn } from '../../../conversation/turns.ts'
import type { Turn as ShownTurn } from '../../app/conversation/turn.ts'

/** The turns that fit in one page. */
export interface ShownTurns {
  turns: ShownTurn[]
  /** Number of all turns. */
  total: number
}

/** Which turns are asked for; by default the last ones. */
export interface TurnsAsked {
  /** Only this one, from 1, and with longer texts. */
  turn?: number | undefined
  /** Those before this one. */
  before?: number | undefined
}

const MAX_TURNS = 300
const MAX_PART_LENGTH = 20_000
/** Of all texts of a page; the parts that come after it have only a beginning. */
const MAX_LENGTH = 400_000
const BEGINNING_LENGTH = 400
const MAX_LENGTH_ALONE = 2_000_000

/** Cut, so that a request of 10 MB is shown as quickly as a small one. */
export function shownTurns(turns: readonly Turn[], { turn, before }: TurnsAsked): ShownTurns {
  const end = turn ?? Math.min(turns.length, Math.max(0, (before ?? turns.length + 1) - 1))
  const start = turn === undefined ? Math.max(0, end - MAX_TURNS) : turn - 1
  let images = 0
  let left = MAX_LENGTH
  const shown = turns.map(({ role, parts }, index): ShownTurn => {
    const isShown = index >= start && index < end
    const shownParts = parts.map(({ isMedia: _, image, ...part }) => {
      const number = image === undefined ? {} : { image: images++ }
      if (!isShown) return part
      const limit = turn === undefined ? Math.min(MAX_PART_LENGTH, Math.max(left, BEGINNING_LENGTH)) : MAX_LENGTH_ALONE
      left -= Math.min(limit, part.text.length)
      return { ...part, ...cutText(part.text, limit), ...number }
    })
    return { number: index + 1, role, parts: shownParts }
  })
  return { turns: shown.slice(start, end), total: turns.length }
}

function cutText(text: string, limit: number): { text: string; cutFrom?: number } {
  return text.length > limit ? { text: text.slice(0, limit), cutFrom: text.length } : { text }
}

/** `data:` URL of an image of the request, by its number from 0. */
export function imageOf(turns: readonly Turn[], number: number): string | undefined {
  return turns.flatMap(({ parts }) => parts.flatMap(({ image }) => image ?? []))[number]
}
