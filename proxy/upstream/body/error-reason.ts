import { isObject } from '../../../kit/json.ts'
import { parseJson } from '../../json/parse.ts'
import type { Redactor } from '../../log/privacy/redactor.ts'
import { dataOf, splitEvents } from '../stream/split-events.ts'

/** Characters of the reason that a client gets; the log has all of them. */
const MAX_LENGTH = 500
/** Members that hold a reason, in the order in which they are looked for. */
const REASONS = ['message', 'detail', 'msg', 'error_message', 'error_description', 'errors', 'error', 'title'] as const

/**
 * Finds the reason in the body of an error in whichever form it comes: JSON of any shape, an event stream, HTML or text.
 * @param redactor does not find what a cut has left of a secret, so nothing that it finds is cut
 * @returns undefined for an empty body
 */
export function reasonIn(body: Buffer, redactor?: Redactor): string | undefined {
  const text = body.toString('utf8').trim()
  const json = parseJson(text) ?? streamedJson(body)
  const found = json === undefined ? undefined : reasonOf(json)
  const reason = oneLine(found ?? (text.startsWith('<') ? textOfHtml(text) : text))
  return reason === '' ? undefined : shortened(reason, redactor)
}

function streamedJson(body: Buffer): unknown {
  for (const event of splitEvents(body)) {
    const json = parseJson(dataOf(event) ?? '')
    if (json !== undefined) return json
  }
  return undefined
}

function reasonOf(json: unknown): string | undefined {
  if (typeof json === 'string') return json
  const named = isObject(json) ? REASONS.map((name) => json[name]) : []
  const inner: unknown[] = Array.isArray(json) ? json : named
  return inner.map(reasonOf).find((reason) => reason !== undefined)
}

/** The title, or all text if there is none. */
function textOfHtml(html: string): string {
  const title = /<title[^>]*>([^<]+)<\/title>/i.exec(html)?.[1]?.trim()
  const body = html.replaceAll(/<(script|style|head)\b[\s\S]*?<\/\1>/gi, ' ').replaceAll(/<[^>]*>/g, ' ')
  return title || body
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

function shortened(text: string, redactor: Redactor | undefined): string {
  if (text.length <= MAX_LENGTH) return text
  return `${redactor?.beginning(text, MAX_LENGTH - 1) ?? text.slice(0, MAX_LENGTH - 1)}…`
}
