import { OPEN_BRACE } from '../../../kit/ascii.ts'
import { isObject } from '../../../kit/json.ts'
import { type Edit, insertMember } from '../../json/edit.ts'
import { parseJson } from '../../json/parse.ts'
import { scanInnerObject, valueAt } from '../../json/scan.ts'

const ASKED = '"include_usage":true'

/**
 * Asks for the tokens of a stream: https://platform.openai.com/docs/api-reference/chat/create#chat-create-stream_options
 * @param body a JSON object
 * @returns no edits if the client asks for them itself
 */
export function askingForUsage(body: Buffer): Edit[] {
  const start = body.indexOf(OPEN_BRACE)
  const { stream_options: options } = scanInnerObject(body, start, ['stream_options'])
  if (!options) return [insertMember(body, start, `"stream_options":{${ASKED}}`)]
  const given = valueAt(body, options)
  if (given === null) return [{ ...options, text: `{${ASKED}}` }]
  // The provider refuses anything else.
  if (!isObject(given) || given['include_usage'] === true) return []
  const { include_usage: asked } = scanInnerObject(body, options.start, ['include_usage'])
  return [asked ? { ...asked, text: 'true' } : insertMember(body, options.start, ASKED)]
}

/** Whether an event with this data is the one that OpenAI sends only to clients that ask for the tokens. */
export function isUsageEvent(data: string): boolean {
  if (!data.includes('"usage"')) return false
  const chunk = parseJson(data)
  if (!isObject(chunk) || !isObject(chunk['usage'])) return false
  const choices = chunk['choices'] ?? []
  return Array.isArray(choices) && choices.length === 0 && !chunk['error']
}
