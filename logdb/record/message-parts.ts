import { isObject } from '../../kit/json.ts'

/**
 * A part of a turn.
 * @example
 * const part: Part = { kind: 'call', name: 'get_weather', text: 'city: Oslo' }
 */
export interface Part {
  /**
   * A call is what a tool was given, a result what it gave back, a citation where the text before it comes from; a note
   * replaces something that is not text.
   */
  kind: 'text' | 'reasoning' | 'refusal' | 'call' | 'result' | 'citation' | 'note'
  /** Name of the tool. */
  name?: string
  text: string
  /** Of a call and its result: the same text in both, if the API gives calls an id. */
  callId?: string
  /** For the note of an image, a sound, a video or something encrypted. */
  isMedia?: true
  /** `data:` URL of the image that this note replaces, if the log holds it. */
  image?: string
}

type Json = Record<string, unknown>

const REASONING = ['reasoning_content', 'reasoning', 'thinking'] as const
const TEXTS = [
  'title',
  'context',
  'content',
  'parts',
  'text',
  'transcript',
  'audio',
  'stdout',
  'stderr',
  'logs',
] as const
/** What a tool was given, by the names that the APIs use. */
const GIVEN = ['arguments', 'args', 'input', 'code'] as const
/** The same in items whose type ends with `_call`. */
const GIVEN_BY_TYPE = ['action', 'operation', 'queries', 'revised_prompt'] as const
/** Where a text comes from. */
const CITED = ['title', 'document_title', 'filename', 'url', 'source', 'cited_text'] as const
/** What a tool gave back. */
const RESULTS = ['output', 'response', 'outputs', 'results', 'error'] as const
/** A part with one of these is an image, sound or video. */
const MEDIA = ['image_url', 'input_audio', 'inlineData', 'fileData'] as const
const MEDIA_TYPES = ['image', 'input_image', 'image_url', 'redacted_thinking', 'reasoning.encrypted']
/** Images that are nothing but pixels. */
const IMAGE_TYPE = /^image\/(?:png|jpeg|gif|webp|avif)$/
const IMAGE_URL = /^data:image\/(?:png|jpeg|gif|webp|avif);base64,/
const CALL_TYPE = /^(.+)_call$/
const TOOL_ROLES = ['tool', 'function']
const MAX_NOTE_LENGTH = 500
/** Data below is not read. */
const MAX_DATA_DEPTH = 100

/** What a message says. `show` prints it, and its words are searched, except for notes of media. */
export function messageParts(message: unknown, role: string): Part[] {
  const parts = partsOf(message)
  if (!TOOL_ROLES.includes(role)) return parts
  const origin = isObject(message) ? { ...nameOf(message), ...answeredCall(message) } : {}
  return parts.map((part) => (part.kind === 'text' ? { kind: 'result', ...origin, text: part.text } : part))
}

/** What an error says: its message with what is known of its origin, or all that it has. */
export function errorParts(error: unknown): Part[] {
  if (error === undefined || error === null) return []
  if (!isObject(error) || typeof error['message'] !== 'string') return [{ kind: 'text', text: dataText(error) }]
  const { message, metadata } = error
  const details = isObject(metadata) ? dataText(metadata) : ''
  return [message as string, details].flatMap((text) => (text === '' ? [] : { kind: 'text', text }))
}

/** The parts of a message, or of a part of one. */
function partsOf(value: unknown): Part[] {
  if (typeof value === 'string') return value === '' ? [] : [{ kind: 'text', text: value }]
  if (Array.isArray(value)) return value.flatMap(partsOf)
  if (!isObject(value)) return []
  const parts = [...reasoningParts(value), ...textParts(value), ...callParts(value), ...resultParts(value)]
  const isEmpty = value['role'] !== undefined || value['type'] === 'reasoning'
  return parts.length > 0 || isEmpty ? parts : noteParts(value)
}

function reasoningParts(value: Json): Part[] {
  const texts = REASONING.flatMap((name) => partsOf(value[name]))
  const summaries = value['type'] === 'reasoning' ? partsOf(value['summary']) : []
  const thoughts = value['thought'] === true ? partsOf(value['text']) : []
  const found = [...texts, ...summaries, ...thoughts].map(({ text }) => text)
  const details = listOf(value['reasoning_details']).flatMap((detail) => {
    return isObject(detail) ? [...partsOf(detail['text']), ...partsOf(detail['summary'])] : []
  })
  // They mostly repeat the text of `reasoning`.
  const more = details.map(({ text }) => text).filter((text) => !found.some((known) => known.includes(text)))
  return [...found, ...more].map((text) => ({ kind: 'reasoning', text }))
}

function textParts(value: Json): Part[] {
  if (value['thought'] === true || isToolResult(value)) return []
  const refusals = partsOf(value['refusal']).map(({ text }): Part => ({ kind: 'refusal', text }))
  const texts = TEXTS.flatMap((name) => partsOf(value[name]))
  return [...texts, ...sourceParts(value), ...refusals, ...citationParts(value)]
}

/** Of a document, a result of a search in documents, and one of a search in the web. */
function sourceParts({ type, source, url }: Json): Part[] {
  if (type === 'web_search_result') return partsOf(url)
  if (type !== 'document' && type !== 'search_result') return []
  if (!isObject(source)) return partsOf(source)
  return source['type'] === 'text' ? partsOf(source['data']) : partsOf(source['content'])
}

function citationParts({ citations, annotations }: Json): Part[] {
  const cited = [...listOf(citations), ...listOf(annotations)].filter(isObject)
  return cited.flatMap((one) => {
    const inner = isObject(one['url_citation']) ? one['url_citation'] : one
    const texts = CITED.flatMap((name) => partsOf(inner[name])).map(({ text }) => text)
    return texts.length === 0 ? [] : [{ kind: 'citation', text: texts.join('\n') }]
  })
}

function callParts(value: Json): Part[] {
  const { tool_calls, function_call, functionCall, executableCode, custom, type } = value
  const within = [function_call, functionCall, value['function'], custom, executableCode].filter(isObject)
  const id = madeCall(value)
  const inner = within.flatMap(callParts).map((part) => ({ ...id, ...part }))
  const calls = [...listOf(tool_calls).filter(isObject).flatMap(callParts), ...inner]
  const ofType = typeof type === 'string' ? CALL_TYPE.exec(type)?.[1] : undefined
  const names = ofType === undefined ? GIVEN : [...GIVEN, ...GIVEN_BY_TYPE]
  const given = names.map((name) => value[name]).find((one) => one !== undefined && one !== null)
  if (given === undefined) return calls
  const name = ofType === undefined ? {} : { name: ofType }
  return [...calls, { kind: 'call', ...name, ...nameOf(value), ...id, text: dataText(given) }]
}

function resultParts(value: Json): Part[] {
  const { functionResponse, codeExecutionResult } = value
  const within = [functionResponse, codeExecutionResult].filter(isObject).flatMap(resultParts)
  if (isToolResult(value)) return [...within, ...resultOf(value, value['content'])]
  const given = RESULTS.filter((name) => value[name] !== undefined && value[name] !== null)
  return [...within, ...given.flatMap((name) => resultOf(value, value[name]))]
}

/** Something that is not text follows its result. */
function resultOf(value: Json, given: unknown): Part[] {
  if (given === undefined) return []
  const origin = { ...nameOf(value), ...answeredCall(value) }
  if (isObject(given) && !isMedia(given)) return [{ kind: 'result', ...origin, text: dataText(given) }]
  const parts = partsOf(given)
  const texts = parts.flatMap(({ kind, text }) => (kind === 'note' ? [] : text))
  const result: Part = { kind: 'result', ...origin, text: texts.join('\n') }
  return [result, ...parts.filter(({ kind }) => kind === 'note')]
}

function isToolResult({ type }: Json): boolean {
  return typeof type === 'string' && type.endsWith('tool_result')
}

function nameOf({ name }: Json): { name?: string } {
  return typeof name === 'string' ? { name } : {}
}

function madeCall({ call_id, id }: Json): { callId?: string } {
  return callIdOf(call_id ?? id)
}

function answeredCall({ tool_call_id, tool_use_id, call_id, id }: Json): { callId?: string } {
  return callIdOf(tool_call_id ?? tool_use_id ?? call_id ?? id)
}

function callIdOf(id: unknown): { callId?: string } {
  return typeof id === 'string' ? { callId: id } : {}
}

/** For something that is not text, such as an image: its JSON, cut if it is long. */
function noteParts(value: Json): Part[] {
  const text = JSON.stringify(value)
  const cut = text.length > MAX_NOTE_LENGTH ? `${text.slice(0, MAX_NOTE_LENGTH)}…` : text
  return [{ kind: 'note', text: cut, ...(isMedia(value) && { isMedia: true, ...imageOf(value) }) }]
}

function imageOf({ image_url, source, inlineData }: Json): { image?: string } {
  const url = isObject(image_url) ? image_url['url'] : image_url
  if (typeof url === 'string') return IMAGE_URL.test(url) ? { image: url } : {}
  const { data, media_type, mimeType } = [source, inlineData].find(isObject) ?? {}
  const type = media_type ?? mimeType
  return typeof data === 'string' && IMAGE_TYPE.test(String(type)) ? { image: `data:${type};base64,${data}` } : {}
}

function isMedia(value: Json): boolean {
  return MEDIA.some((name) => value[name] !== undefined) || MEDIA_TYPES.includes(String(value['type']))
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** What a tool was given or gave back, one value a line. */
function dataText(data: unknown): string {
  return dataTexts(parsedData(data), 0).join('\n')
}

/** Arguments are mostly JSON within a text, where line breaks and often everything except ASCII are escaped. */
function parsedData(data: unknown): unknown {
  if (typeof data !== 'string') return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}

function dataTexts(value: unknown, depth: number): string[] {
  if (value === null || value === undefined || depth > MAX_DATA_DEPTH) return []
  if (Array.isArray(value)) return value.flatMap((element) => dataTexts(element, depth + 1))
  if (!isObject(value)) return value === '' ? [] : [String(value)]
  return Object.entries(value).flatMap(([name, member]) => {
    const [first, ...rest] = dataTexts(member, depth + 1)
    return first === undefined ? [name] : [`${name}: ${first}`, ...rest]
  })
}
