import { expect, test } from 'vitest'
import { withChoice } from '../../../../proxy/providers/gemini/unanswered.ts'

function reasonOf(body: string): unknown {
  return JSON.parse(withChoice(Buffer.from(body)).toString()).choices[0].finish_reason
}

test('a completion without choices gets one that says why', () => {
  expect(reasonOf('{"id":"x","usage":{"prompt_tokens":7,"total_tokens":7}}')).toBe('content_filter')
  expect(reasonOf('{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":0,"total_tokens":99}}')).toBe('length')
  expect(reasonOf('{"choices":[],"usage":{"completion_tokens_details":{"reasoning_tokens":9}}}')).toBe('length')
  const body = withChoice(Buffer.from('{"seed":12345678901234567890}')).toString()
  expect(body).toContain('"seed":12345678901234567890}')
  expect(JSON.parse(body).choices).toEqual([
    { index: 0, message: { role: 'assistant', content: null }, finish_reason: 'content_filter' },
  ])
})

test.for(['{"choices":[{"index":0}]}', 'text', '[]'])('%s stays unchanged', (body) => {
  const bytes = Buffer.from(body)
  expect(withChoice(bytes)).toBe(bytes)
})
