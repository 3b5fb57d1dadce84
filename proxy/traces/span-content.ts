import { isObject } from '../../kit/json.ts'
import { BYTES_PER_MIB } from '../../kit/sizes.ts'
import { parseExact, stringifyExact } from '../json/exact.ts'
import type { Json } from '../json/parse.ts'
import { elementsOf, type Slice, scanJsonObject } from '../json/scan.ts'
import type { LoggedBody } from '../log/body.ts'
import { inputMessage, type Message, outputMessages } from './genai-messages.ts'
import { partsOf } from './genai-parts.ts'

/** Both bodies of a request in the form of the log: what must not be stored is replaced or left out already. */
export interface LoggedBodies {
  request: LoggedBody
  response: LoggedBody
}

/** What a span holds of the content of messages. */
export type ContentAttributes = Partial<Record<(typeof CONTENT_ATTRIBUTES)[number], string | undefined>> & {
  /** Something was left out, or the end of a text. */
  'ai_proxy.content_truncated'?: true
}

/** By the conventions: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ */
export const CONTENT_ATTRIBUTES = [
  'gen_ai.system_instructions',
  'gen_ai.input.messages',
  'gen_ai.output.messages',
] as const

/** Where the messages of a request are, by its endpoint; other endpoints have none. */
const INPUTS: Record<string, 'messages' | 'input' | 'prompt'> = {
  '/v1/chat/completions': 'messages',
  '/v1/messages': 'messages',
  '/v1/responses': 'input',
  '/v1/completions': 'prompt',
}
/** Larger bodies are not read: other requests would have to wait. */
const MAX_REQUEST_BYTES = BYTES_PER_MIB
const MAX_RESPONSE_BYTES = BYTES_PER_MIB / 2
/** Characters of one text. */
const MAX_TEXT = 16 * 1024
/** Characters of one attribute. */
const MAX_ATTRIBUTE = 64 * 1024

/** The content of messages for a span, limited in size: the newest messages stay. */
export function contentAttributes(
  { endpoint, finish_reason }: { endpoint: string; finish_reason: string | null },
  { request, response }: LoggedBodies,
): ContentAttributes {
  const input = INPUTS[endpoint]
  if (input === undefined) return {}
  const shown = new BoundedJson()
  const members = isReadable(shown, request, MAX_REQUEST_BYTES) ? membersOf(request) : undefined
  const system = members?.system ?? members?.instructions
  const answer = isReadable(shown, response, MAX_RESPONSE_BYTES) ? answerOf(response) : undefined
  const attributes = {
    'gen_ai.system_instructions': system && shown.newest(partsOf(valueAt(request, system)).toReversed()),
    'gen_ai.input.messages': shown.newest(newestMessages(request, members?.[input]), shortened),
    'gen_ai.output.messages': answer && shown.newest(outputMessages(answer, finish_reason).toReversed(), shortened),
  }
  return { ...attributes, ...(shown.isCut && { 'ai_proxy.content_truncated': true }) }
}

/** Notes that something is missing if the body cannot be read. */
function isReadable(shown: BoundedJson, { json, truncated }: LoggedBody, maxBytes: number): boolean {
  const canRead = !truncated && json.length <= maxBytes
  if (!canRead) shown.isCut = true
  return canRead
}

function membersOf({ json }: LoggedBody) {
  return scanJsonObject(json, ['messages', 'input', 'prompt', 'system', 'instructions'])
}

function answerOf({ json }: LoggedBody): Json | undefined {
  const answer = parseExact(json.toString())
  return isObject(answer) ? answer : undefined
}

/** Each message is parsed only when it is asked for. */
function* newestMessages(body: LoggedBody, list: Slice | undefined): Generator<Message> {
  if (!list) return
  const elements = [...elementsOf(body.json, list.start)]
  for (const element of elements.length === 0 ? [list] : elements.toReversed()) {
    const message = inputMessage(valueAt(body, element))
    if (message) yield message
  }
}

function valueAt({ json }: LoggedBody, { start, end }: Slice): unknown {
  return parseExact(json.toString('utf8', start, end))
}

/** A message with only those of its newest parts that fit. */
function shortened(message: Message, maxLength: number): Message {
  let free = maxLength - stringifyExact({ ...message, parts: [] }).length
  const first = message.parts.findLastIndex((part) => {
    free -= stringifyExact(part).length + 1
    return free < 0
  })
  return { ...message, parts: message.parts.slice(first + 1) }
}

/** Writes lists as JSON of a limited length. */
class BoundedJson {
  isCut = false

  /**
   * JSON of the newest elements that fit, in their order; undefined without any.
   * @param newestFirst is read only as far as the elements fit
   * @param shorten makes the newest element fit if it does not fit alone
   */
  newest<T>(newestFirst: Iterable<T>, shorten?: (element: T, maxLength: number) => T): string | undefined {
    const kept: string[] = []
    let free = MAX_ATTRIBUTE - '[]'.length
    for (const element of newestFirst) {
      const bounded = this.#withoutLongTexts(element) as T
      const json = stringifyExact(bounded)
      if (json.length > free) {
        this.isCut = true
        if (kept.length === 0 && shorten) kept.push(stringifyExact(shorten(bounded, free)))
        break
      }
      kept.push(json)
      free -= json.length + ','.length
    }
    return kept.length === 0 ? undefined : `[${kept.toReversed().join(',')}]`
  }

  #withoutLongTexts(value: unknown): unknown {
    if (typeof value === 'string') return this.#shortText(value)
    if (Array.isArray(value)) return value.map((element) => this.#withoutLongTexts(element))
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.#withoutLongTexts(one)]))
  }

  #shortText(text: string): string {
    if (text.length <= MAX_TEXT) return text
    this.isCut = true
    return `${text.slice(0, MAX_TEXT).replace(/[\ud800-\udbff]$/, '')}…`
  }
}
