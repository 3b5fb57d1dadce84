import { setTimeout as sleep } from 'node:timers/promises'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import Anthropic from '@anthropic-ai/sdk'
import { ChatOpenAI } from '@langchain/openai'
import { generateText, streamText } from 'ai'
import OpenAI from 'openai'
import { expect, test } from 'vitest'
import { startGateway } from '../helpers/gateway/gateway.ts'
import { chunk, completion, DONE, event, reply, startRawUpstream, stream } from '../helpers/gateway/raw-upstream.ts'

/** What the official clients see of faults that providers have. */
const KEY = 'a-key-for-the-official-clients'
const FAULTS = ['key-403', 'error-200', 'error-first', 'text-400', 'false-done', 'empty-ends', 'late-error'] as const
type Fault = (typeof FAULTS)[number] | 'backup'
const REASON = 'max_tokens is too large: 99999'

interface Asked {
  url: string
  fault: Fault
  stream: boolean
  content?: string
  key?: string
}

/** Each resolves with the text of the answer. */
const CLIENTS: Record<string, (asked: Asked) => Promise<string>> = {
  openai: async ({ url, fault, stream, content = 'Hi', key = KEY }) => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 })
    const request = { model: `o-${fault}`, messages: [{ role: 'user' as const, content }] }
    if (!stream) return (await client.chat.completions.create(request)).choices[0]?.message.content ?? ''
    let text = ''
    for await (const { choices } of await client.chat.completions.create({ ...request, stream })) {
      text += choices[0]?.delta.content ?? ''
    }
    return text
  },
  anthropic: async ({ url, fault, stream, content = 'Hi', key = KEY }) => {
    const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 })
    const request = { model: `a-${fault}`, max_tokens: 9, messages: [{ role: 'user' as const, content }] }
    const message = stream
      ? await client.messages.stream(request).finalMessage()
      : await client.messages.create(request)
    return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  },
  ai: async ({ url, fault, stream, content = 'Hi', key = KEY }) => {
    const provider = createOpenAICompatible({ name: 'gateway', baseURL: `${url}/v1`, apiKey: key })
    const request = { model: provider(`o-${fault}`), prompt: content, maxRetries: 0 }
    if (!stream) return (await generateText(request)).text
    let text = ''
    for await (const part of streamText({ ...request, onError: () => {} }).fullStream) {
      if (part.type === 'error') throw part.error instanceof Error ? part.error : new Error(JSON.stringify(part.error))
      if (part.type === 'text-delta') text += part.text
    }
    return text
  },
  langchain: async ({ url, fault, stream, content = 'Hi', key = KEY }) => {
    const configuration = { baseURL: `${url}/v1` }
    const model = new ChatOpenAI({ model: `o-${fault}`, apiKey: key, configuration, maxRetries: 0 })
    if (!stream) return String((await model.invoke(content)).content)
    let text = ''
    for await (const piece of await model.stream(content)) text += piece.content
    return text
  },
}

const error = (code: number, message: string) => ({ type: 'error', error: { code, message, type: 'api_error' } })
const messageStart = { id: 'm', type: 'message', role: 'assistant', content: [], model: 'm', stop_reason: null }
const message = { ...messageStart, content: [{ type: 'text', text: 'Hello' }], stop_reason: 'end_turn', usage: {} }
const MESSAGE_EVENTS = [
  { type: 'message_start', message: { ...messageStart, usage: { input_tokens: 1, output_tokens: 1 } } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
].map((data) => `event: ${data.type}\n${event(data)}`)

/** A whole answer, or its first half with the end that some providers put there. */
function answer(isChat: boolean, isStream: boolean, { end = 'stop', isCut = false } = {}): string {
  if (!isStream) return reply(200, isChat ? completion('Hello') : message)
  if (!isChat) return stream(...MESSAGE_EVENTS.slice(0, isCut ? 3 : undefined))
  if (isCut) return stream(chunk({ content: 'Hello' }, ''), DONE)
  return stream(chunk({ content: 'Hel' }, end === '' ? '' : null), chunk({ content: 'lo' }), chunk({}, 'stop'), DONE)
}

async function startWithFaults() {
  const upstream = await startRawUpstream(async (socket, { path, headers, body }) => {
    const { model, stream: isStream = false } = JSON.parse(body) as { model: Fault; stream?: boolean }
    const isChat = path.endsWith('/chat/completions')
    const isFirstKey = `${headers['authorization']} ${headers['x-api-key']}`.includes('upstream-key-1')
    const firstError = event(error(429, 'Busy'))
    if (model === 'key-403' && isFirstKey) socket.end(reply(403, error(403, 'Key limit exceeded')))
    else if (model === 'error-200') socket.end(reply(200, error(503, 'Busy')))
    else if (model === 'error-first' && isStream)
      socket.end(stream(isChat ? firstError : `event: error\n${firstError}`))
    else if (model === 'error-first') socket.end(reply(200, error(429, 'Busy')))
    else if (model === 'text-400') socket.end(reply(400, REASON, 'text/plain'))
    else if (model === 'late-error') await sleep(500).then(() => socket.end(reply(400, REASON, 'text/plain')))
    else
      socket.end(answer(isChat, isStream, { end: model === 'empty-ends' ? '' : 'stop', isCut: model === 'false-done' }))
  })
  const names = [...FAULTS, 'backup'] as const
  const mappings = names.flatMap((name) => [
    [`o-${name}`, `openai:${name}`],
    [`a-${name}`, `anthropic:${name}`],
  ])
  const fallbacks = ['o', 'a'].flatMap((api) =>
    ['error-200', 'error-first'].map((fault) => [`${api}-${fault}`, [`${api}-backup`]]),
  )
  return await startGateway({
    environment: {
      API_KEYS: KEY,
      OPENAI_API_KEY: 'upstream-key-1,upstream-key-2',
      OPENAI_BASE_URL: upstream.url,
      ANTHROPIC_API_KEY: 'upstream-key-1,upstream-key-2',
      ANTHROPIC_BASE_URL: upstream.url,
    },
    mappings: Object.fromEntries(mappings),
    config: { fallbacks: Object.fromEntries(fallbacks), limits: { first_ping_s: 0.2, body_mib: 1 } },
  })
}

const NAMES = Object.keys(CLIENTS)
const ask = (name: string, asked: Asked) => (CLIENTS[name] as (typeof CLIENTS)[string])(asked)

test.for(NAMES)('%s gets the answer of another key or provider, and of one with empty ends', async (name) => {
  const { url, records } = await startWithFaults()
  for (const fault of ['key-403', 'error-200', 'error-first', 'empty-ends'] as const) {
    for (const stream of [false, true]) expect(await ask(name, { url, fault, stream }), fault).toBe('Hello')
  }
  expect((await records(8)).map(({ outcome }) => outcome)).toEqual(Array(8).fill('ok'))
})

test.for(NAMES)('%s reports the reason of the provider, before a stream and after its first comment', async (name) => {
  const { url, records } = await startWithFaults()
  const shown = (thrown: unknown) => `${thrown} ${JSON.stringify(thrown)}`
  for (const stream of [false, true]) {
    const thrown = await ask(name, { url, fault: 'text-400', stream }).catch((caught: unknown) => caught)
    expect(shown(thrown)).toContain(REASON)
    expect(thrown).toMatchObject(name === 'ai' ? { statusCode: 400 } : { status: 400 })
  }
  const late = await ask(name, { url, fault: 'late-error', stream: true }).catch((caught: unknown) => caught)
  expect(late).toBeInstanceOf(Error)
  expect(shown(late)).toContain(REASON)
  expect((await records(3)).map(({ outcome }) => outcome)).toEqual(Array(3).fill('upstream_error'))
})

test.for(NAMES)('%s does not take half an answer for a whole one', async (name) => {
  const { url, records } = await startWithFaults()
  await expect(ask(name, { url, fault: 'false-done', stream: true })).rejects.toThrow(/closed before completion/)
  expect((await records(1)).map(({ outcome }) => outcome)).toEqual(['upstream_truncated'])
})

test.for(NAMES)('%s sees the status of a large request that is refused at its head', async (name) => {
  const { url } = await startWithFaults()
  const content = 'x'.repeat(10_000_000)
  for (const [key, status] of [
    ['another-key', 401],
    [KEY, 413],
  ] as const) {
    const refused = ask(name, { url, fault: 'backup', stream: false, content, key })
    await expect(refused).rejects.toMatchObject(name === 'ai' ? { statusCode: status } : { status })
  }
})
