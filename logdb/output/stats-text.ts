import { type Colors, withoutControls } from '../../kit/cli/terminal.ts'
import type { GroupStats, Stats } from '../verbs/stats/stats.ts'
import type { TallyFigures } from '../verbs/stats/tally.ts'

const BAR_WIDTH = 20
/** A cell of a bar in eighths, from one to seven. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const MAX_NAME_LENGTH = 40
const COLUMNS = ['requests', '', 'errors', 'tokens in', 'tokens out', 'p50 ms', 'p95 ms', 'p99 ms']
const BAR_COLUMN = 2

/** The totals, and a table with a bar for the requests of each day, model and key. */
export function statsText({ total, days, models, keys }: Stats, colors: Colors): string {
  if (total.requests === 0) return `${totalText(total)}\n`
  const tables = [table('day', days, colors), table('model', models, colors), table('key', keys, colors)]
  return `${totalText(total)}\n${tables.map((text) => `\n${text}`).join('')}`
}

function totalText({ requests, errors, tokensIn, tokensOut, latencyMs }: TallyFigures): string {
  const { p50, p95, p99 } = latencyMs
  const latency = `latency p50 ${count(p50)} ms, p95 ${count(p95)} ms, p99 ${count(p99)} ms`
  return `requests ${count(requests)}, errors ${count(errors)} (${share(errors, requests)}), tokens ${count(tokensIn)} in, ${count(tokensOut)} out, ${latency}`
}

function table(title: string, groups: GroupStats[], colors: Colors): string {
  const most = Math.max(...groups.map(({ requests }) => requests))
  const rows = [[title, ...COLUMNS], ...groups.map((group) => cells(group, most))]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const lines = rows.map((row) => row.map((cell, column) => aligned(cell, column, widths[column] ?? 0, colors)))
  return lines.map((line, index) => `${index === 0 ? colors.bold(line.join('  ')) : line.join('  ')}\n`).join('')
}

function cells({ name, requests, errors, tokensIn, tokensOut, latencyMs }: GroupStats, most: number): string[] {
  const { p50, p95, p99 } = latencyMs
  const label = withoutControls(name ?? '(none)').slice(0, MAX_NAME_LENGTH)
  const figures = [tokensIn, tokensOut, p50, p95, p99].map(count)
  return [label, count(requests), bar(requests / most), share(errors, requests), ...figures]
}

/** Names and bars to the left, figures to the right. */
function aligned(cell: string, column: number, width: number, colors: Colors): string {
  if (column === BAR_COLUMN) return colors.cyan(cell.padEnd(BAR_WIDTH))
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}

/** `part`: 0 to 1. */
function bar(part: number): string {
  const eighths = Math.round(part * BAR_WIDTH * EIGHTHS.length)
  return '█'.repeat(Math.floor(eighths / EIGHTHS.length)) + EIGHTHS[eighths % EIGHTHS.length]
}

function share(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`
}

function count(value: number | null): string {
  return value === null ? '-' : Math.round(value).toLocaleString('en-US')
}
