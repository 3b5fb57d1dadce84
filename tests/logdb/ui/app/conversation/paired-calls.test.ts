import { expect, test } from 'vitest'
import { requestTurns } from '../../../../../logdb/conversation/turns.ts'
import { pairedTurns } from '../../../../../logdb/ui/app/conversation/paired-calls.ts'
import { shownTurns } from '../../../../../logdb/ui/server/queries/shown-turns.ts'

/** Each turn as `role: kind text (results)`. */
function lines(body: unknown): string[] {
  return pairedTurns(shownTurns(requestTurns(body), {}).turns).map(({ role, parts }) => {
    const texts = parts.map(({ kind, text, results = [] }) => {
      return `${kind} ${text}${results.length > 0 ? ` (${results.map((result) => result.text).join(', ')})` : ''}`
    })
    return `${role}: ${texts.join(' | ')}`
  })
}

const OPENAI_CALLS = ['one', 'two'].map((id) => ({
  id,
  type: 'function',
  function: { name: 'look', arguments: `{"at":"${id}"}` },
}))

test.each([
  [
    'chat, by id and not by order',
    {
      messages: [
        { role: 'assistant', content: null, tool_calls: OPENAI_CALLS },
        { role: 'tool', tool_call_id: 'two', content: 'second' },
        { role: 'tool', tool_call_id: 'one', content: 'first' },
        { role: 'tool', tool_call_id: 'unknown', content: 'lost' },
      ],
    },
    ['assistant: call at: one (first) | call at: two (second)', 'tool: result lost'],
  ],
  [
    'Anthropic messages',
    {
      messages: [
        { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'weather', input: { city: 'Oslo' } }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't', content: 'rain' },
            { type: 'text', text: 'thanks' },
          ],
        },
      ],
    },
    ['assistant: call city: Oslo (rain)', 'user: text thanks'],
  ],
  [
    'Responses',
    {
      input: [
        { type: 'function_call', id: 'fc', call_id: 'c', name: 'weather', arguments: '{"city":"Oslo"}' },
        { type: 'function_call_output', call_id: 'c', output: 'rain' },
      ],
    },
    ['assistant: call city: Oslo (rain)'],
  ],
  [
    'Gemini, by name and order',
    {
      contents: [
        {
          role: 'model',
          parts: [
            { functionCall: { name: 'weather', args: { city: 'Oslo' } } },
            { functionCall: { name: 'weather', args: { city: 'Rome' } } },
          ],
        },
        {
          role: 'user',
          parts: [
            { functionResponse: { name: 'weather', response: { sky: 'rain' } } },
            { functionResponse: { name: 'weather', response: { sky: 'sun' } } },
          ],
        },
      ],
    },
    ['assistant: call city: Oslo (sky: rain) | call city: Rome (sky: sun)'],
  ],
])('results of tools stand with their calls: %s', (_name, body, expected) => {
  expect(lines(body)).toEqual(expected)
})
