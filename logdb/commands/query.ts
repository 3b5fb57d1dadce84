import { type Command, Option } from 'commander'
import type { CommandContext } from '../command-line/context.ts'
import { checkDays, type DayOptions, withDays, withJson, withOut } from '../command-line/options.ts'
import type { QueryResult } from '../store/union/union.ts'
import { linesWithoutControls, printJson, printReport, type Terminal, withoutControls } from '../terminal.ts'

/** Longer cells are cut on a terminal. */
const MAX_CELL_LENGTH = 60
const NEEDS_QUOTES = /[",\r\n]/

interface QueryFlags extends DayOptions {
  out: string
  csv?: true
  nl?: true
  json?: true
}

export function addQuery(program: Command, context: CommandContext): void {
  const command = program
    .command('query')
    .description('Run an SQL statement that only reads, over all partitions of the range as if they were one')
    .argument('<sql>', 'over the views requests and request_details')
  withJson(withDays(withOut(command)))
    .addOption(new Option('--nl', 'one JSON document per row, for many rows').conflicts('json'))
    .addOption(new Option('--csv', 'comma-separated values').conflicts(['json', 'nl']))
    .addHelpText(
      'after',
      '\nExample:\n  logdb query "SELECT model_original, COUNT(*), AVG(latency_ms) FROM requests GROUP BY 1" --since 2025-09-01',
    )
    .action((sql: string, flags: QueryFlags) => run(sql, flags, context))
}

async function run(sql: string, flags: QueryFlags, { terminal, resolve }: CommandContext): Promise<void> {
  checkDays(flags)
  const { out, since, to } = flags
  const { query } = await import('../verbs/query.ts')
  let documents: unknown[] = []
  const collect = (result: QueryResult) => {
    documents = [...toDocuments(result)]
  }
  const print = flags.json ? collect : flags.nl ? printDocuments : flags.csv ? printCsv : printTable
  const leftOut = await query({ out: resolve(out), since, to, sql }, (result) => print(result, terminal))
  const warnings = leftOut.map((path) => `${path}: was not made by this logdb and is left out: logdb convert`)
  for (const warning of warnings) terminal.err(`${warning}\n`)
  if (flags.json) printReport(terminal, { verb: 'query', result: documents, warnings })
}

function* toDocuments({ columns, rows }: QueryResult) {
  const names = uniqueNames(columns)
  for (const row of rows) yield Object.fromEntries(row.map((value, index) => [names[index], inJson(value)]))
}

/** The second of several columns with a name is `name:2`. */
function uniqueNames(columns: string[]): string[] {
  return columns.map((name, index) => {
    const count = columns.slice(0, index + 1).filter((other) => other === name).length
    return count === 1 ? name : `${name}:${count}`
  })
}

function printDocuments(result: QueryResult, terminal: Terminal): void {
  for (const document of toDocuments(result)) printJson(terminal, document)
}

/** As it is, unless somebody looks at it. */
function printCsv({ columns, rows }: QueryResult, { out, isOutTTY }: Terminal): void {
  const print = (cells: string[]) => out(csvLine(isOutTTY ? cells.map(linesWithoutControls) : cells))
  print(columns)
  for (const row of rows) print(row.map(inText))
}

const csvLine = (cells: string[]) =>
  `${cells.map((cell) => (NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`

function printTable({ columns, rows }: QueryResult, { out, isOutTTY }: Terminal): void {
  const lines = [columns, ...[...rows].map((row) => row.map(inText))].map((cells) =>
    cells.map((cell) => shown(cell, isOutTTY)),
  )
  const widths = columns.map((_, column) => lines.reduce((most, cells) => wider(most, cells[column]), 0))
  for (const cells of lines)
    out(
      `${cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    )
}

/** Nothing is lined up with a longer cell. */
const wider = (width: number, cell = '') => (cell.length > MAX_CELL_LENGTH ? width : Math.max(width, cell.length))

function shown(cell: string, isOutTTY: boolean): string {
  const text = withoutControls(cell)
  return isOutTTY && text.length > MAX_CELL_LENGTH ? `${text.slice(0, MAX_CELL_LENGTH - 1)}…` : text
}

const inText = (value: unknown) => (value === null ? '' : String(inJson(value)))

const inJson = (value: unknown) => (Buffer.isBuffer(value) ? value.toString('hex') : value)
