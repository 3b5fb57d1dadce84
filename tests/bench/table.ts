/** One measured number, and what it has to be if anything was asked of it. */
export interface Figure {
  what: string
  measured: number
  /** `ms`, `x`, `MB`. */
  unit: string
  asked?: { atLeast: number } | { atMost: number }
}

export type Cell = string | number

/** Prints a table on stdout: the first column to the left, all others to the right. */
export function printTable(title: string, columns: string[], rows: Cell[][]): void {
  const texts = [columns, ...rows.map((row) => row.map(toText))]
  const widths = columns.map((_, index) => Math.max(...texts.map((row) => row[index]?.length ?? 0)))
  const lines = texts.map((row) =>
    widths
      .map((width, index) => pad(row[index] ?? '', width, index))
      .join('  ')
      .trimEnd(),
  )
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  process.stdout.write(`\n${title}\n${[lines[0], rule, ...lines.slice(1)].join('\n')}\n`)
}

export function printFigures(figures: Figure[]): void {
  const rows = figures.map((figure) => [
    figure.what,
    `${toText(figure.measured)} ${figure.unit}`,
    figure.asked ? `${askedText(figure.asked)} ${figure.unit}` : '',
    figure.asked ? verdict(figure) : '',
  ])
  printTable('Figures', ['', 'measured', 'asked', ''], rows)
}

function verdict(figure: Figure): string {
  return isMet(figure) ? 'met' : 'MISSED'
}

/** True also where nothing was asked. */
export function isMet({ measured, asked }: Figure): boolean {
  if (!asked) return true
  return 'atLeast' in asked ? measured >= asked.atLeast : measured <= asked.atMost
}

function askedText(asked: NonNullable<Figure['asked']>): string {
  return 'atLeast' in asked ? `at least ${asked.atLeast}` : `at most ${asked.atMost}`
}

function pad(text: string, width: number, index: number): string {
  return index === 0 ? text.padEnd(width) : text.padStart(width)
}

/** Three significant digits are all that a noisy machine gives. */
function toText(cell: Cell): string {
  if (typeof cell === 'string') return cell
  if (!Number.isFinite(cell)) return '-'
  return Math.abs(cell) >= 100 ? Math.round(cell).toLocaleString('en') : String(Number(cell.toPrecision(3)))
}
