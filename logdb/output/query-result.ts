import { linesWithoutControls, type Terminal, withoutControls } from '../../kit/cli/terminal.ts'
import type { QueryResult } from '../store/union/union.ts'

/** Longer cells are cut on a terminal. */
const MAX_CELL_LENGTH = 60
const NEEDS_QUOTES = /[",\r\n]/

/** Rows as objects. The second of several columns with a name is `name:2`. */
export function* toDocuments({ columns, rows }: QueryResult): Generator<Record<string, unknown>> {
  const names = uniqueNames(columns)
  for (const row of rows) yield Object.fromEntries(row.map((value, index) => [names[index], inJson(value)]))
}

function uniqueNames(columns: string[]): string[] {
  return columns.map((name, index) => {
    const count = columns.slice(0, index + 1).filter((other) => other === name).length
    return count === 1 ? name : `${name}:${count}`
  })
}

/** Values as they are, except on a terminal, whose cursor they must not move. */
export function printCsv({ columns, rows }: QueryResult, { out, isOutTty }: Terminal): void {
  const print = (cells: string[]) => out(csvLine(isOutTty ? cells.map(linesWithoutControls) : cells))
  print(columns)
  for (const row of rows) print(row.map(inText))
}

function csvLine(cells: string[]): string {
  return `${cells.map((cell) => (NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`
}

export function printTable({ columns, rows }: QueryResult, { out, isOutTty }: Terminal): void {
  const lines = [columns, ...[...rows].map((row) => row.map(inText))].map((cells) => {
    return cells.map((cell) => shown(cell, isOutTty))
  })
  const widths = columns.map((_, column) => lines.reduce((most, cells) => wider(most, cells[column]), 0))
  for (const cells of lines) {
    const line = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
    out(`${line.trimEnd()}\n`)
  }
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
