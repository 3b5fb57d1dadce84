import { linesWithoutControls, type Terminal, withoutControls } from '../../kit/cli/terminal.ts'
import { csvLine } from '../csv.ts'
import type { QueryResult } from '../store/union/union.ts'

/** Longer cells are cut on a terminal. */
const MAX_CELL_LENGTH = 60
/** In characters. */
const MAX_MEASURED_LENGTH = 4 * 1024 * 1024

/** Rows as objects. The second of several columns with a name is `name:2`, or the next number that no column has. */
export function* toDocuments({ columns, rows }: QueryResult): Generator<Record<string, unknown>> {
  const names = uniqueNames(columns)
  for (const row of rows) yield Object.fromEntries(row.map((value, index) => [names[index], inJson(value)]))
}

function uniqueNames(columns: readonly string[]): string[] {
  const taken = new Set(columns)
  const first = new Set<string>()
  return columns.map((name) => {
    let unique = name
    if (first.has(name)) for (let count = 2; taken.has(unique); count++) unique = `${name}:${count}`
    taken.add(unique)
    first.add(name)
    return unique
  })
}

/** Values as they are, except on a terminal, whose cursor they must not move. */
export async function printCsv({ columns, rows }: QueryResult, terminal: Terminal): Promise<void> {
  const { isOutTty } = terminal
  const print = (cells: string[]) => terminal.out(csvLine(isOutTty ? cells.map(linesWithoutControls) : cells))
  print(columns)
  for (const row of rows) {
    print(row.map(inText))
    await terminal.untilOutIsRead()
  }
}

/** Its first rows decide how wide the columns are: all of them may not fit into memory. */
export async function printTable({ columns, rows }: QueryResult, terminal: Terminal): Promise<void> {
  const { isOutTty } = terminal
  const iterator = rows[Symbol.iterator]()
  const lines = [columns.map((name) => shown(name, isOutTty))]
  let next = iterator.next()
  for (let length = 0; !next.done && length < MAX_MEASURED_LENGTH; next = iterator.next()) {
    const cells = next.value.map((value) => shown(inText(value), isOutTty))
    length += cells.reduce((sum, cell) => sum + cell.length, cells.length)
    lines.push(cells)
  }
  const widths = columns.map((_, column) => lines.reduce((most, cells) => wider(most, cells[column]), 0))
  const print = async (cells: string[]) => {
    const line = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
    terminal.out(`${line.trimEnd()}\n`)
    await terminal.untilOutIsRead()
  }
  for (const cells of lines) await print(cells)
  for (; !next.done; next = iterator.next()) await print(next.value.map((value) => shown(inText(value), isOutTty)))
}

/** A longer cell does not widen its column. */
function wider(width: number, cell = ''): number {
  return cell.length > MAX_CELL_LENGTH ? width : Math.max(width, cell.length)
}

function shown(cell: string, isOutTty: boolean): string {
  const text = withoutControls(cell)
  return isOutTty && text.length > MAX_CELL_LENGTH ? `${text.slice(0, MAX_CELL_LENGTH - 1)}…` : text
}

function inText(value: unknown): string {
  return value === null ? '' : String(inJson(value))
}

function inJson(value: unknown): unknown {
  return Buffer.isBuffer(value) ? value.toString('hex') : value
}
