import { isObject } from '../../../kit/json.ts'
import { applyEdits, insertMember } from '../../json/edit.ts'
import { type Json, parseJson } from '../../json/parse.ts'
import { elementsOf, scanJsonObject } from '../../json/scan.ts'

/** A completion without choices, which Google sends for a blocked prompt, gets one that says why; others stay unchanged. */
export function withChoice(body: Buffer): Buffer {
  const { choices } = scanJsonObject(body, ['choices']) ?? {}
  if (choices && [...elementsOf(body, choices.start)].length > 0) return body
  const completion = parseJson(body.toString('utf8'))
  if (!isObject(completion)) return body
  const message = { role: 'assistant', content: null }
  const list = JSON.stringify([{ index: 0, message, finish_reason: reasonOf(completion) }])
  return applyEdits(body, [
    choices ? { ...choices, text: list } : insertMember(body, body.indexOf('{'), `"choices":${list}`),
  ])
}

/** The event that ends a stream without choices; `chunk` is the last one of that stream. */
export function closingEvent(chunk: Json): string {
  const { usage: _usage, ...rest } = chunk
  const choice = { index: 0, delta: { role: 'assistant', content: '' }, finish_reason: reasonOf(chunk) }
  return `data: ${JSON.stringify({ ...rest, choices: [choice] })}\n\n`
}

/** Tokens that are neither of the prompt nor of the answer are those of thinking, which used up the limit. */
function reasonOf({ usage }: Json): string {
  if (!isObject(usage)) return 'content_filter'
  const [total, prompt, completion] = ['total_tokens', 'prompt_tokens', 'completion_tokens'].map((name) =>
    Number(usage[name] ?? 0),
  ) as [number, number, number]
  const { completion_tokens_details: details } = usage
  const reasoning = isObject(details) ? Number(details['reasoning_tokens'] ?? 0) : 0
  return reasoning > 0 || total > prompt + completion ? 'length' : 'content_filter'
}
