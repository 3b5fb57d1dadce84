import { isObject } from '../../kit/json.ts'
import { parseExact } from '../json/exact.ts'
import type { Json } from '../json/parse.ts'

/**
 * A part of a message in the form of OpenTelemetry's conventions:
 * https://github.com/open-telemetry/semantic-conventions/blob/main/docs/gen-ai/gen-ai-input-messages.json
 */
export interface Part {
  type: string
  [member: string]: unknown
}

const TEXTS = ['text', 'input_text', 'output_text', 'summary_text', 'reasoning_text']
const CALLS = ['tool_use', 'server_tool_use', 'mcp_tool_use', 'function_call', 'custom_tool_call']
const RESULT_TYPE = /tool_result$|_call_output$/
const MEDIA_TYPE = /image|audio|video|file|document/
/** How the log writes content that it does not hold. */
const DIGEST = /^data:([^;,]*);sha256=/

/** The parts that the content of a message has, in any of the APIs. A part of an unknown kind has only its type. */
export function partsOf(content: unknown): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', content }]
  if (Array.isArray(content)) return content.flatMap(partsOf)
  if (!isObject(content) || typeof content['type'] !== 'string') return []
  return partsOfType(content['type'], content)
}

/** A call of a tool, as `tool_calls` and `function_call` have it. */
export function toolCalls(calls: unknown): Part[] {
  if (Array.isArray(calls)) return calls.flatMap(toolCalls)
  if (!isObject(calls)) return []
  const inner = [calls['function'], calls['custom']].find(isObject) ?? calls
  return [callPart(calls['id'], inner)]
}

/** What a tool gave back. */
export function toolResponse(id: unknown, content: unknown): Part {
  const parts = partsOf(content)
  const isText = parts.every(({ type }) => type === 'text')
  return { type: 'tool_call_response', id, response: isText ? parts.map((part) => part['content']).join('\n') : parts }
}

export function reasoningParts(content: unknown): Part[] {
  return partsOf(content).map((part) => (part.type === 'text' ? { ...part, type: 'reasoning' } : part))
}

function partsOfType(type: string, part: Json): Part[] {
  if (TEXTS.includes(type)) return partsOf(part['text'])
  if (type === 'refusal') return partsOf(part['refusal'])
  if (type === 'thinking') return reasoningParts(part['thinking'])
  if (type === 'reasoning') return [...reasoningParts(part['summary']), ...reasoningParts(part['content'])]
  if (CALLS.includes(type)) return [callPart(part['call_id'] ?? part['id'], part)]
  if (RESULT_TYPE.test(type)) {
    return [toolResponse(part['tool_use_id'] ?? part['call_id'], part['content'] ?? part['output'])]
  }
  return MEDIA_TYPE.test(type) ? mediaParts(type, part) : [{ type }]
}

function callPart(id: unknown, { name, arguments: given, input }: Json): Part {
  return { type: 'tool_call', id, name, arguments: parsed(given ?? input) }
}

/** Arguments are often JSON inside a text. */
function parsed(given: unknown): unknown {
  return typeof given === 'string' ? (parseExact(given) ?? given) : given
}

/** Where an image, a sound or a file is; its content never becomes part of a span. */
function mediaParts(type: string, part: Json): Part[] {
  const inner = [part['source'], part['image_url'], part['video_url'], part['input_audio'], part['file']].find(isObject)
  const { type: kind, url, data, file_data, file_id, media_type } = inner ?? part
  if (kind === 'text') return partsOf(data)
  const modality = /image|audio|video/.exec(type)?.[0] ?? 'document'
  const uri = [url, part['image_url'], part['file_url'], data, file_data, part['file_data']].find(isReference)
  if (uri !== undefined) return [{ type: 'uri', modality, mime_type: DIGEST.exec(uri)?.[1] ?? media_type, uri }]
  return [typeof file_id === 'string' ? { type: 'file', modality, file_id } : { type, modality }]
}

function isReference(value: unknown): value is string {
  return typeof value === 'string' && (/^https?:/i.test(value) || DIGEST.test(value))
}
