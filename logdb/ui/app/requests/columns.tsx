import type { ComponentChild } from 'preact'
import type { RequestRow } from '../page-data.ts'
import { requestPath, shortId, shownCount, shownDuration, shownTime, shownTokens } from '../shown.ts'

interface Column {
  title: string
  className?: string
  content(row: RequestRow): ComponentChild
  /** What rows are ordered by; rows without it come last. */
  value(row: RequestRow): number | string | null
}

/** Every column that the list can show, by its name in the URL. */
const COLUMNS = {
  time: { title: 'Time (UTC)', className: 'time', content: ({ ts }) => shownTime(ts), value: ({ ts }) => ts },
  question: {
    title: 'Question',
    className: 'question',
    content: ({ id, question }) => <a href={requestPath(id)}>{question || shortId(id)}</a>,
    value: ({ question }) => question || null,
  },
  model: { title: 'Model', className: 'text', content: ({ model }) => short(model), value: ({ model }) => model },
  provider: {
    title: 'Provider',
    className: 'text',
    content: ({ provider }) => short(provider),
    value: ({ provider }) => provider,
  },
  endpoint: {
    title: 'Endpoint',
    className: 'text',
    content: ({ endpoint }) => short(endpoint),
    value: ({ endpoint }) => endpoint,
  },
  status: {
    title: 'Status',
    className: 'status text',
    content: statusText,
    value: ({ status }) => status,
  },
  key: { title: 'Key', className: 'text', content: ({ key }) => short(key), value: ({ key }) => key },
  dialog: {
    title: 'Dialog',
    content: ({ dialog }) => dialog && <a href={`/ui/dialogs/${encodeURIComponent(dialog)}`}>{shortId(dialog)}</a>,
    value: ({ dialog }) => dialog,
  },
  stream: {
    title: 'Streamed',
    content: ({ stream }) => (stream ? 'yes' : ''),
    value: ({ stream }) => (stream ? 1 : 0),
  },
  tokens: {
    title: 'Tokens in / out',
    className: 'number',
    content: ({ tokensIn, tokensOut }) => shownTokens(tokensIn, tokensOut),
    value: ({ tokensIn, tokensOut }) => (tokensIn === null && tokensOut === null ? null : sum(tokensIn, tokensOut)),
  },
  cached: {
    title: 'Cached',
    className: 'number',
    content: ({ tokensCached }) => shownCount(tokensCached),
    value: ({ tokensCached }) => tokensCached,
  },
  reasoning: {
    title: 'Reasoning',
    className: 'number',
    content: ({ tokensReasoning }) => shownCount(tokensReasoning),
    value: ({ tokensReasoning }) => tokensReasoning,
  },
  first_byte: {
    title: 'First byte',
    className: 'number',
    content: ({ firstByteMs }) => shownDuration(firstByteMs),
    value: ({ firstByteMs }) => firstByteMs,
  },
  latency: {
    title: 'Latency',
    className: 'number',
    content: ({ latencyMs }) => shownDuration(latencyMs),
    value: ({ latencyMs }) => latencyMs,
  },
} as const satisfies Record<string, Column>

export type ColumnName = keyof typeof COLUMNS

export const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[]
/** The row of a question is its link, so this column is always shown. */
export const FIXED_COLUMN: ColumnName = 'question'
export const DEFAULT_COLUMNS: readonly ColumnName[] = [
  'time',
  'question',
  'model',
  'status',
  'key',
  'tokens',
  'latency',
]

export function columnOf(name: ColumnName): Column {
  return COLUMNS[name]
}

/** The columns that a URL names, in their order here; those by default if it names none. */
export function columnsIn(text: string): ColumnName[] {
  const named = text.split(',')
  const chosen = COLUMN_NAMES.filter((name) => named.includes(name))
  if (chosen.length === 0) return [...DEFAULT_COLUMNS]
  return COLUMN_NAMES.filter((name) => name === FIXED_COLUMN || chosen.includes(name))
}

/** An order of the loaded rows: the name of a column, after `-` if the largest is first. */
export function sortIn(text: string): { column: ColumnName; isDescending: boolean } | undefined {
  const isDescending = text.startsWith('-')
  const column = COLUMN_NAMES.find((name) => name === text.slice(isDescending ? 1 : 0))
  return column && { column, isDescending }
}

/** The latest first, unless another order is asked for. */
export function sortedRows(rows: readonly RequestRow[], sort: string): readonly RequestRow[] {
  const order = sortIn(sort)
  if (!order) return rows
  const { value } = columnOf(order.column)
  const direction = order.isDescending ? -1 : 1
  const compare = (a: number | string | null, b: number | string | null) => {
    if (a === b) return 0
    if (a === null || b === null) return a === null ? 1 : -1
    return a < b ? -direction : direction
  }
  return [...rows].sort((a, b) => compare(value(a), value(b)))
}

/** Of a long text its first lines, so that it takes no room of other columns. */
function short(text: string | null): ComponentChild {
  return text ? <div class="short">{text}</div> : null
}

function statusText({ status, outcome }: RequestRow): string {
  return [status, outcome === 'ok' ? null : outcome].filter((one) => one !== null).join(' ')
}

function sum(a: number | null, b: number | null): number {
  return (a ?? 0) + (b ?? 0)
}
