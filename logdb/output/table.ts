import { cutToWidth, padEndToWidth, padStartToWidth, textWidth } from './text-width.ts'

/** A cell that can be drawn in any width. */
interface Drawn {
  widest: number
  draw(width: number): string
}

type Cell = string | Drawn

export interface Column {
  title: string
  /** Figures stand to the right. */
  isRight?: boolean
  color?: (text: string) => string
  /** Columns without it keep their width; of the others, those with the lowest number yield first. */
  yields?: number
  /** How narrow it may become before it disappears as a whole; it always keeps this width if it may not disappear. */
  least?: number
  mayDisappear?: boolean
}

export interface Table {
  columns: readonly Column[]
  rows: readonly (readonly Cell[])[]
}

const GAP = '  '

/**
 * Lines of a table, the titles first.
 * @param width columns of the terminal; without it the table is as wide as its cells
 */
export function tableLines({ columns, rows }: Table, width: number | undefined): string[] {
  const natural = columns.map((column, at) => Math.max(textWidth(column.title), ...rows.map((row) => widthOf(row[at]))))
  const widths = width === undefined ? natural : fitted(columns, natural, width)
  const titles = columns.map(({ title }) => title)
  return [titles, ...rows].map((row, line) => {
    const cells = columns.flatMap((column, at) => {
      const cellWidth = widths[at] ?? 0
      if (cellWidth === 0 && natural[at] !== 0) return []
      const text = aligned(row[at] ?? '', cellWidth, column)
      return line > 0 && column.color ? column.color(text) : text
    })
    return cells.join(GAP)
  })
}

/** How wide the table will be, without a limit. */
function tableWidth(widths: readonly number[]): number {
  const shown = widths.filter((width) => width > 0)
  return shown.reduce((sum, width) => sum + width, 0) + GAP.length * Math.max(0, shown.length - 1)
}

function widthOf(cell: Cell = ''): number {
  return typeof cell === 'string' ? textWidth(cell) : cell.widest
}

/** Widths that fit as far as the columns yield; 0 for those that disappear. */
function fitted(columns: readonly Column[], natural: readonly number[], available: number): number[] {
  const widths = [...natural]
  const order = columns.map((column, at) => ({ ...column, at })).filter(({ yields }) => yields !== undefined)
  for (const { at, least, mayDisappear } of order.sort((a, b) => (a.yields ?? 0) - (b.yields ?? 0))) {
    const tooWide = tableWidth(widths) - available
    if (tooWide <= 0) break
    const width = widths[at] ?? 0
    const narrow = Math.max(Math.min(width, least ?? width), width - tooWide)
    const isEnough = width - narrow >= tooWide
    widths[at] = mayDisappear && !isEnough ? 0 : narrow
  }
  return widths
}

function aligned(cell: Cell, width: number, { isRight }: Column): string {
  const text = typeof cell === 'string' ? cutToWidth(cell, width) : cell.draw(width)
  return isRight ? padStartToWidth(text, width) : padEndToWidth(text, width)
}
