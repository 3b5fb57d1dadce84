import { stripVTControlCharacters as withoutColors } from 'node:util'
import { type Colors, withoutControls } from '../../kit/cli/terminal.ts'
import type { ListedRequest } from '../verbs/list/list.ts'
import { shortId } from './short-id.ts'
import { type Column, tableLines } from './table.ts'
import { cutToWidth, textWidth } from './text-width.ts'
import { timeText } from './time-text.ts'

export interface ListLook {
  colors: Colors
  /** Width of the terminal. */
  columns: number | undefined
  timeZone: string
  /** False for what follows an earlier part of the same list. */
  hasTitles: boolean
}

/** With less room next to the other columns, the question is on the next line. */
const LEAST_QUESTION_WIDTH = 30
const QUESTION_WIDTH = 80
const INDENT = '    '
const GAP = '  '
const MAX_MODEL_LENGTH = 30
const MAX_KEY_LENGTH = 16
const FIRST_ERROR_STATUS = 400
const MS_PER_S = 1000
const SHORT_MS = 10_000
/** Answers that ended before they were complete. */
const CUT_OUTCOMES = ['client_aborted', 'upstream_truncated']

/** A line for each request, or two on a narrow terminal. */
export function requestListText(requests: readonly ListedRequest[], look: ListLook): string {
  const { colors, columns, hasTitles } = look
  if (requests.length === 0) return ''
  const lines = tableLines({ columns: tableColumns(look), rows: requests.map((one) => cells(one, look)) }, columns)
  const facts = Math.max(...lines.map((line) => textWidth(withoutColors(line))))
  const room = columns === undefined ? QUESTION_WIDTH : columns - facts - GAP.length
  const isBelow = room < LEAST_QUESTION_WIDTH
  const [titles = '', ...rows] = lines
  const shown = rows.map((row, index) => {
    const question = withoutControls(requests[index]?.question ?? '')
    if (isBelow) return `${row.trimEnd()}\n${INDENT}${cutToWidth(question, (columns ?? 0) - INDENT.length)}\n`
    return `${row}${GAP}${cutToWidth(question, room)}`.trimEnd().concat('\n')
  })
  const heading = colors.bold(`${titles}${isBelow ? '' : `${GAP}question`}`.trimEnd())
  return `${hasTitles ? `${heading}\n` : ''}${shown.join('')}`
}

function tableColumns({ colors }: ListLook): Column[] {
  return [
    { title: 'time', color: colors.cyan },
    { title: 'id', color: colors.dim },
    { title: 'model', yields: 1, least: 12 },
    { title: 'key', yields: 2, least: 6 },
    { title: 'status' },
    { title: 'tokens', isRight: true },
    { title: 'latency', isRight: true },
  ]
}

function cells(request: ListedRequest, { timeZone }: ListLook): string[] {
  const { ts, requestId, modelOriginal, modelMapped, apiKeyName, apiKeyHash } = request
  return [
    timeText(ts, timeZone),
    shortId(requestId),
    (modelOriginal ?? modelMapped ?? '-').slice(0, MAX_MODEL_LENGTH),
    (apiKeyName ?? apiKeyHash ?? '-').slice(0, MAX_KEY_LENGTH),
    statusText(request),
    tokensText(request),
    latencyText(request),
  ].map(withoutControls)
}

/** With a word if the answer was cut or wrong although its status says that all is well. */
function statusText({ statusCode, outcome }: ListedRequest): string {
  const status = String(statusCode ?? '-')
  if (statusCode === null || statusCode >= FIRST_ERROR_STATUS || outcome === null || outcome === 'ok') return status
  return `${status} ${CUT_OUTCOMES.includes(outcome) ? 'cut' : 'error'}`
}

function tokensText({ tokensIn, tokensOut }: ListedRequest): string {
  return tokensIn === null && tokensOut === null ? '-' : `${tokensIn ?? '?'}/${tokensOut ?? '?'}`
}

function latencyText({ latencyMs }: ListedRequest): string {
  if (latencyMs === null) return '-'
  return latencyMs < SHORT_MS ? `${Math.round(latencyMs)} ms` : `${(latencyMs / MS_PER_S).toFixed(1)} s`
}

/** For --json. */
export function requestJson({ ts, ...request }: ListedRequest) {
  return {
    request_id: request.requestId,
    ts,
    time: timeText(ts),
    endpoint: request.endpoint,
    model_original: request.modelOriginal,
    model_mapped: request.modelMapped,
    status_code: request.statusCode,
    outcome: request.outcome,
    latency_ms: request.latencyMs,
    api_key_name: request.apiKeyName,
    api_key_hash: request.apiKeyHash,
    tokens_in: request.tokensIn,
    tokens_out: request.tokensOut,
    tokens_cache_read: request.tokensCacheRead,
    tokens_cache_write_5m: request.tokensCacheWrite5m,
    tokens_cache_write_1h: request.tokensCacheWrite1h,
    tokens_reasoning: request.tokensReasoning,
    dialog_id: request.dialogId,
    dialog_source: request.dialogSource,
    trace_id: request.traceId,
    question: request.question ?? null,
  }
}
