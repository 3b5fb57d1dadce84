import { type Colors, linesWithoutControls, withoutControls } from '../../kit/cli/terminal.ts'
import type { Step } from '../conversation/thread.ts'
import type { Turn } from '../conversation/turns.ts'
import type { Part } from '../record/message-parts.ts'
import type { RequestDetails } from '../store/partition/requests.ts'
import { shortId } from './short-id.ts'
import { cutToWidth } from './text-width.ts'
import { timeText } from './time-text.ts'

/** How each role stands out; others are plain. */
const ROLE_COLORS: Record<string, 'cyan' | 'green' | 'magenta' | 'yellow' | 'red'> = {
  user: 'cyan',
  assistant: 'green',
  system: 'magenta',
  developer: 'magenta',
  tool: 'yellow',
  error: 'red',
}
const INDENT = '  '

const MAX_PARAMETER_LENGTH = 80

export interface ShownRequest {
  details: RequestDetails
  turns: Turn[]
  parameters: readonly [name: string, json: string][]
  /** Names of the tools that the model was offered. */
  tools: readonly string[]
}

/** A request with everything that was said in it, and its answer. */
export function requestText(shown: ShownRequest, colors: Colors, timeZone: string): string {
  const { turns } = shown
  const facts = factsOf(shown, timeZone).map(
    ([name, value]) => `${colors.dim(name.padEnd(9))}${withoutControls(value)}\n`,
  )
  return `${facts.join('')}\n${turnsText(turns, colors)}`
}

/**
 * A request of a dialog, with what is new in it.
 * @param number its place in the dialog, from 1
 */
export function stepText(
  details: RequestDetails,
  { after, turns, answers }: Step,
  number: number,
  { colors, timeZone }: { colors: Colors; timeZone: string },
): string {
  const from = after === undefined || after === number - 2 ? '' : `  continues #${after + 1}`
  const facts = [timeOf(details, timeZone), modelText(details), statusText(details), latencyText(details)]
  const line = withoutControls(joined([`#${number}`, ...facts])) + from
  return `${colors.bold(line)}  ${colors.dim(withoutControls(shortId(details.request_id)))}\n${turnsText([...turns, ...answers], colors)}\n`
}

function timeOf({ ts, timestamp }: RequestDetails, timeZone: string): string {
  if (timeZone !== 'UTC') return timeText(ts, timeZone)
  return timestamp ?? new Date(ts * 1000).toISOString()
}

function factsOf({ details, parameters, tools }: ShownRequest, timeZone: string): [string, string][] {
  const { request_id, x_request_id, endpoint, provider, api_key_hash, api_key_name, dialog_id, stream } = details
  const facts: [string, string][] = [
    ['request', joined([request_id, x_request_id])],
    ['time', timeOf(details, timeZone)],
    ['endpoint', joined([endpoint, provider, stream === 1 ? 'streamed' : null])],
    ['model', modelText(details)],
    ['status', joined([statusText(details), latencyText(details)])],
    ['tokens', tokensText(details)],
    ['key', joined([api_key_name, api_key_hash])],
    ['dialog', joined([dialog_id, details.dialog_source && `from ${details.dialog_source}`])],
    ['trace', details.trace_id ?? ''],
    ['params', parameters.map(([name, json]) => `${name}=${cutToWidth(json, MAX_PARAMETER_LENGTH)}`).join('  ')],
    ['tools', tools.join(', ')],
  ]
  return facts.filter(([, value]) => value !== '')
}

function joined(texts: (string | null)[]): string {
  return texts.filter(Boolean).join('  ')
}

function modelText({ model_original, model_mapped }: RequestDetails): string {
  const models = [model_original, model_mapped].filter((model) => model !== null)
  return [...new Set(models)].join(' -> ')
}

function statusText({ status_code, outcome, finish_reason }: RequestDetails): string {
  return joined([status_code === null ? null : String(status_code), outcome, finish_reason])
}

function latencyText({ latency_ms, ttfb_ms, retries }: RequestDetails): string {
  if (latency_ms === null) return ''
  const firstByte = ttfb_ms === null ? '' : `, first byte after ${Math.round(ttfb_ms)} ms`
  return `${Math.round(latency_ms)} ms${firstByte}${retries ? `, attempts: ${retries + 1}` : ''}`
}

function tokensText(details: RequestDetails): string {
  const { tokens_in, tokens_out, tokens_cache_read, tokens_reasoning } = details
  if (tokens_in === null && tokens_out === null) return ''
  const written = (details.tokens_cache_write_5m ?? 0) + (details.tokens_cache_write_1h ?? 0)
  const input = partsText([tokens_cache_read, 'from a cache'], [written, 'written to a cache'])
  return `${tokens_in ?? '?'} in${input}, ${tokens_out ?? '?'} out${partsText([tokens_reasoning, 'reasoning'])}`
}

/** In parentheses; nothing for parts that are unknown or 0. */
function partsText(...parts: [count: number | null, name: string][]): string {
  const texts = parts.flatMap(([count, name]) => (count ? `${count} ${name}` : []))
  return texts.length === 0 ? '' : ` (${texts.join(', ')})`
}

function turnsText(turns: Turn[], colors: Colors): string {
  return turns.map((turn) => turnText(turn, colors)).join('')
}

function turnText({ role, parts }: Turn, colors: Colors): string {
  const name = withoutControls(role)
  const color = Object.hasOwn(ROLE_COLORS, role) ? ROLE_COLORS[role] : undefined
  return `${colors.bold(color ? colors[color](name) : name)}\n${parts.map((part) => partText(part, colors)).join('')}`
}

function partText({ kind, name, text }: Part, colors: Colors): string {
  const tool = name === undefined ? '' : ` ${name}`
  if (kind === 'call') return indented(`-> call${tool}\n`) + indented(indented(text))
  if (kind === 'result') return indented(`<- result${tool}\n`) + indented(indented(text))
  if (kind === 'text') return indented(text)
  return colors.dim(indented(`(${kind}) ${text}`))
}

/** Each line, the last one ended too. */
function indented(text: string): string {
  const lines = linesWithoutControls(text).replace(/\n$/, '').split('\n')
  return lines.map((line) => `${line === '' ? '' : INDENT}${line}\n`).join('')
}
