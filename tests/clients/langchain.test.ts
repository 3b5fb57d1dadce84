import { HumanMessage } from '@langchain/core/messages'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { expect, test } from 'vitest'
import { startWithUpstream } from '../helpers/gateway/gateway.ts'

const KEY = 'a-key-for-langchain'
const WHOLE = 'Hello from the mock 🙂'
const WEATHER = {
  type: 'function' as const,
  function: {
    name: 'weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
}

async function startWithModels() {
  const { gateway } = await startWithUpstream({ environment: { API_KEYS: KEY } })
  const configuration = { baseURL: `${gateway.url}/v1` }
  const chat = (mode: string) => new ChatOpenAI({ model: `mock/${mode}`, apiKey: KEY, configuration, maxRetries: 0 })
  return { gateway, chat, configuration }
}

test('invoke', async () => {
  const { chat } = await startWithModels()
  const message = await chat('normal').invoke([new HumanMessage('Hi there')])
  expect(message.content).toBe(WHOLE)
  expect(message.usage_metadata).toMatchObject({ input_tokens: 7, output_tokens: 5 })
})

test('stream', async () => {
  const { chat } = await startWithModels()
  let text = ''
  for await (const chunk of await chat('comments').stream('Hi there')) text += chunk.content
  expect(text).toBe(WHOLE)
})

test.for(['invoke', 'stream'] as const)('a tool is called by %s', async (way) => {
  const { chat } = await startWithModels()
  const model = chat('tools').bindTools([WEATHER])
  const whole = async () => {
    const chunks = []
    for await (const chunk of await model.stream('How is the weather in Oslo?')) chunks.push(chunk)
    return chunks.reduce((all, chunk) => all.concat(chunk))
  }
  const message = way === 'invoke' ? await model.invoke('How is the weather in Oslo?') : await whole()
  expect(message.tool_calls).toMatchObject([{ name: 'weather', args: { city: 'Oslo' }, id: expect.any(String) }])
})

test.for(['cut-3', 'error-chunk'])('a stream that fails (%s) throws', async (mode) => {
  const { chat } = await startWithModels()
  const read = async () => {
    for await (const _ of await chat(mode).stream('Hi there'));
  }
  await expect(read()).rejects.toThrow()
})

test('embeddings', async () => {
  const { configuration } = await startWithModels()
  const embeddings = new OpenAIEmbeddings({ model: 'mock/normal', apiKey: KEY, configuration })
  const vectors = await embeddings.embedDocuments(['one', 'two'])
  expect(vectors.map((vector) => vector.length)).toEqual([8, 8])
})
