import { type Colors, withoutControls } from '../../kit/cli/terminal.ts'
import type { Percentiles, TallyFigures } from '../store/rollups/tally.ts'
import type { StatsGrouping } from '../verbs/stats/counting.ts'
import type { GroupStats, Stats } from '../verbs/stats/stats.ts'
import { cacheRate, groupsBy } from './stats-json.ts'
import { type Column, tableLines } from './table.ts'

const BAR_WIDTH = 20
const LEAST_BAR_WIDTH = 4
/** A cell of a bar in eighths, from one to seven. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const MAX_NAME_LENGTH = 40
const LEAST_NAME_LENGTH = 12

export interface Look {
  colors: Colors
  /** Width of the terminal. */
  columns: number | undefined
}

/** Figures that are shown only if one is not 0. */
interface Shows {
  hasCut: boolean
  /** Of the tokens: those from caches, and those of reasoning. */
  hasParts: boolean
  /** Percentiles of the first byte. */
  hasFirstBytes: boolean
  hasCost: boolean
}

/** The totals, and for each grouping a table with a bar for the requests of each group. */
export function statsText(stats: Stats, by: readonly StatsGrouping[], look: Look): string {
  const { total } = stats
  if (total.requests === 0) return `${totalText(total)}\n`
  const shown = {
    ...look,
    hasCut: total.cut > 0,
    hasParts: total.tokensCacheRead + total.tokensReasoning > 0,
    hasFirstBytes: total.ttfbMs.p50 !== null,
    hasCost: total.cost !== null,
  }
  const tables = by.map((grouping) => table(grouping, groupsBy(stats, grouping), shown))
  return `${totalText(total)}\n${tables.map((text) => `\n${text}`).join('')}`
}

function totalText(total: TallyFigures): string {
  const { requests, errors, cut, latencyMs } = total
  const failed = `errors ${count(errors)} (${share(errors, requests)})`
  const ended = cut === 0 ? '' : `, cut ${count(cut)} (${share(cut, requests)})`
  const times = [`latency ${percentilesText(latencyMs)}`, ...firstByteTexts(total), ...costTexts(total)]
  return [`requests ${count(requests)}, ${failed}${ended}`, tokensText(total), ...times].join(', ')
}

function percentilesText({ p50, p95, p99 }: Percentiles): string {
  return `p50 ${count(p50)} ms, p95 ${count(p95)} ms, p99 ${count(p99)} ms`
}

function firstByteTexts({ ttfbMs, notCounted }: TallyFigures): string[] {
  const left = notCounted === 0 ? '' : ` (without ${count(notCounted)} requests: logdb seal --rewrite)`
  return ttfbMs.p50 === null && left === '' ? [] : [`first byte ${percentilesText(ttfbMs)}${left}`]
}

function costTexts({ cost, requests, requestsWithCost }: TallyFigures): string[] {
  if (cost === null) return []
  return [`cost ${costText(cost)}${requestsWithCost === requests ? '' : ` (of ${count(requestsWithCost)} requests)`}`]
}

/** With the parts that are known. */
function tokensText(total: TallyFigures): string {
  const { tokensIn, tokensOut, tokensCacheRead, tokensCacheWrite5m, tokensCacheWrite1h, tokensReasoning } = total
  const written = tokensCacheWrite5m + tokensCacheWrite1h
  const input = [
    ...(tokensCacheRead === 0 ? [] : [`${count(tokensCacheRead)} from caches, ${percent(cacheRate(total))}`]),
    ...(written === 0 ? [] : [`${count(written)} written to caches`]),
  ]
  const ofInput = input.length === 0 ? '' : ` (${input.join(', ')})`
  const ofOutput = tokensReasoning === 0 ? '' : ` (${count(tokensReasoning)} reasoning)`
  return `tokens ${count(tokensIn)} in${ofInput}, ${count(tokensOut)} out${ofOutput}`
}

/** On a narrow terminal the bar yields first, then the names, and then the figures that matter least. */
function table(title: string, groups: GroupStats[], { colors, columns, ...shows }: Look & Shows): string {
  const most = Math.max(...groups.map(({ requests }) => requests))
  const figure = (name: string, yields?: number): Column => {
    return { title: name, isRight: true, ...(yields === undefined ? {} : { yields, mayDisappear: true }) }
  }
  const shown = {
    columns: [
      { title, yields: 2, least: LEAST_NAME_LENGTH },
      figure('requests'),
      { title: '', color: colors.cyan, yields: 1, least: LEAST_BAR_WIDTH, mayDisappear: true },
      figure('errors'),
      ...(shows.hasCut ? [figure('cut')] : []),
      figure('tokens in', 11),
      ...(shows.hasParts ? [figure('cached', 8)] : []),
      figure('tokens out', 12),
      ...(shows.hasParts ? [figure('reasoning', 7)] : []),
      figure('p50 ms'),
      figure('p95 ms', 10),
      figure('p99 ms', 9),
      ...(shows.hasFirstBytes ? [figure('first p50', 5), figure('first p95', 4), figure('first p99', 3)] : []),
      ...(shows.hasCost ? [figure('cost', 6)] : []),
    ],
    rows: groups.map((group) => cells(group, most, shows)),
  }
  return tableLines(shown, columns)
    .map((line, index) => `${index === 0 ? colors.bold(line) : line}\n`)
    .join('')
}

function cells(group: GroupStats, most: number, { hasCut, hasParts, hasFirstBytes, hasCost }: Shows) {
  const { name, requests, errors, cut, tokensIn, tokensOut, tokensReasoning, latencyMs, ttfbMs } = group
  const label = withoutControls(name ?? '(none)').slice(0, MAX_NAME_LENGTH)
  const cached = hasParts ? [percent(cacheRate(group))] : []
  const reasoning = hasParts ? [count(tokensReasoning)] : []
  const times = [latencyMs, ...(hasFirstBytes ? [ttfbMs] : [])].flatMap(({ p50, p95, p99 }) => [p50, p95, p99])
  const cost = hasCost ? [group.cost === null ? '-' : costText(group.cost)] : []
  const figures = [count(tokensIn), ...cached, count(tokensOut), ...reasoning, ...times.map(count), ...cost]
  const drawn = { widest: BAR_WIDTH, draw: (width: number) => bar(requests / most, width) }
  const shares = [share(errors, requests), ...(hasCut ? [share(cut, requests)] : [])]
  return [label, count(requests), drawn, ...shares, ...figures]
}

/** `part`: 0 to 1. */
function bar(part: number, width: number): string {
  const eighths = Math.round(part * width * EIGHTHS.length)
  return '█'.repeat(Math.floor(eighths / EIGHTHS.length)) + EIGHTHS[eighths % EIGHTHS.length]
}

function share(part: number, whole: number): string {
  return percent(whole === 0 ? undefined : part / whole)
}

/** `share`: 0 to 1. */
function percent(share: number | undefined): string {
  return share === undefined ? '-' : `${(100 * share).toFixed(1)} %`
}

/** A small one with the digits that matter. */
function costText(cost: number): string {
  const maximumFractionDigits = Math.abs(cost) < 1 ? 6 : 2
  return cost.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits })
}

function count(value: number | null): string {
  return value === null ? '-' : Math.round(value).toLocaleString('en-US')
}
