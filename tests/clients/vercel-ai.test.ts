import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import { expect, test } from 'vitest'
import { startWithUpstream } from '../helpers/gateway/gateway.ts'

const KEY = 'a-key-for-the-ai-sdk'
const WHOLE = 'Hello from the mock 🙂'

async function startWithProvider() {
  const { gateway, upstream } = await startWithUpstream({ environment: { API_KEYS: KEY } })
  const provider = createOpenAICompatible({ name: 'gateway', baseURL: `${gateway.url}/v1`, apiKey: KEY })
  const asking = (mode: string) => ({ model: provider(`mock/${mode}`), prompt: 'Hi there', maxRetries: 0 })
  return { gateway, upstream, asking }
}

const weather = tool({
  description: 'The weather of a city',
  inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
  execute: async ({ city }) => `Snow in ${city}`,
})

test('generateText', async () => {
  const { asking } = await startWithProvider()
  const result = await generateText(asking('normal'))
  expect(result).toMatchObject({ text: WHOLE, finishReason: 'stop', usage: { inputTokens: 7, outputTokens: 5 } })
})

test.for(['normal', 'bytes', 'crlf', 'comments', 'empty-choices'])(
  'streamText of a stream in the form %s',
  async (mode) => {
    const { asking } = await startWithProvider()
    const result = streamText(asking(mode))
    expect(await result.text).toBe(WHOLE)
    expect(await result.finishReason).toBe('stop')
  },
)

test('a tool is called and its result answered, in a stream', async () => {
  const { asking, upstream } = await startWithProvider()
  const result = streamText({ ...asking('tools'), tools: { weather }, stopWhen: stepCountIs(3) })
  expect(await result.text).toBe(WHOLE)
  expect((await result.steps)[0]?.toolResults).toMatchObject([{ toolName: 'weather', output: 'Snow in Oslo' }])
  expect(upstream.requests).toHaveLength(2)
})

test('tool calls without an index, as Google sends them, are two calls', async () => {
  const { asking } = await startWithProvider()
  const result = streamText({ ...asking('gemini-tools'), tools: { weather } })
  expect((await result.toolResults).map(({ output }) => output)).toEqual(['Snow in Oslo', 'Snow in Bergen'])
})

test.for([
  ['error-chunk', 'Provider disconnected'],
  ['cut-3', 'Upstream connection closed before completion'],
  ['reset-3', 'Upstream connection closed before completion'],
])('a stream that fails (%s) has an error part', async ([mode = '', message]) => {
  const { asking } = await startWithProvider()
  const parts = []
  for await (const part of streamText({ ...asking(mode), onError: () => {} }).fullStream) parts.push(part)
  const errors = parts.filter((part) => part.type === 'error')
  expect(JSON.stringify(errors.map(({ error }) => (error instanceof Error ? error.message : error)))).toContain(message)
  expect(parts.at(-1)).toMatchObject({ type: 'finish', finishReason: 'error' })
})

test.for([
  ['429', 429, true],
  ['400', 400, false],
] as const)('status %s is an APICallError that says whether to try again', async ([mode, statusCode, isRetryable]) => {
  const { asking } = await startWithProvider()
  const error = await generateText(asking(mode)).catch((thrown: unknown) => thrown)
  expect(APICallError.isInstance(error)).toBe(true)
  expect(error).toMatchObject({ statusCode, isRetryable })
})
