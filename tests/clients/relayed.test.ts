import Anthropic from '@anthropic-ai/sdk'
import OpenAI, { AzureOpenAI, toFile } from 'openai'
import { expect, test } from 'vitest'
import { type RawRequest, reply, startBeforeRaw } from '../helpers/gateway/raw-upstream.ts'

const ALICE = 'alice-key-0123456789'
const BOB = 'bob-key-0123456789'
const AUDIO = Buffer.from([1, 2, 3, 0, 255])

/** What the provider answers, by method and path. */
function answerTo({ path, body }: RawRequest): string {
  const [, ...parts] = path.split('?')[0]?.split('/') ?? []
  const name = parts.map((part) => (/-\d+$/.test(part) ? 'ID' : part)).join('/')
  const file = { id: 'file-1', object: 'file', bytes: 3, created_at: 1, filename: 'a.jsonl', purpose: 'batch' }
  const batch = {
    id: 'batch-1',
    object: 'batch',
    status: 'completed',
    input_file_id: 'file-1',
    output_file_id: 'file-2',
  }
  const messageBatch = { id: 'msgbatch-1', type: 'message_batch', processing_status: 'ended' }
  const list = (data: object[]) => ({ object: 'list', data, has_more: false, first_id: null, last_id: null })
  const answers: Record<string, unknown> = {
    'audio/transcriptions': { text: 'Hello' },
    'images/generations': { created: 1, data: [{ b64_json: 'AAAA' }] },
    'images/edits': { created: 1, data: [{ b64_json: 'BBBB' }] },
    moderations: { id: 'modr-1', model: 'm', results: [{ flagged: false }] },
    files: body === '' ? list([file, { ...file, id: 'file-9' }]) : file,
    'files/ID': file,
    batches: body === '' ? list([{ ...batch, id: 'batch-9' }]) : batch,
    'batches/ID': batch,
    'responses/ID': { id: 'resp-1', object: 'response', output: [] },
    'responses/ID/input_items': list([{ type: 'message', id: 'msg-1' }]),
    'responses/ID/cancel': { id: 'resp-1', object: 'response', status: 'cancelled', output: [] },
    'messages/count_tokens': { input_tokens: 12 },
    'messages/batches': body === '' ? list([messageBatch]) : messageBatch,
    'messages/batches/ID': messageBatch,
  }
  if (name === 'audio/speech') return reply(200, AUDIO.toString('latin1'), 'audio/mpeg')
  if (name === 'files/ID/content') return reply(200, '{"custom_id":"a"}\n', 'application/jsonl')
  const answer = answers[name]
  return answer ? reply(200, answer) : reply(404, { error: { message: `no ${name}` } })
}

async function startWithClients() {
  const { gateway, upstream } = await startBeforeRaw((socket, request) => void socket.write(answerTo(request)), {
    environment: { API_KEYS: `alice:${ALICE},bob:${BOB}` },
    mappings: { 'gpt-*': 'openai:gpt-*', 'claude-*': 'claude:claude-*' },
  })
  const options = { apiKey: ALICE, baseURL: `${gateway.url}/v1`, maxRetries: 0 }
  const openai = new OpenAI(options)
  const other = new OpenAI({ ...options, apiKey: BOB })
  return { gateway, upstream, openai, other, anthropic: new Anthropic({ ...options, baseURL: gateway.url }) }
}

test('OpenAI’s library: audio', async () => {
  const { openai, upstream, gateway } = await startWithClients()
  const file = await toFile(AUDIO, 'a.wav')
  expect((await openai.audio.transcriptions.create({ file, model: 'gpt-4o-transcribe' })).text).toBe('Hello')
  expect(upstream.requests[0]?.body).toContain('gpt-4o-transcribe')
  const speech = await openai.audio.speech.create({ model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'Hello' })
  expect(speech.headers.get('content-type')).toBe('audio/mpeg')
  expect((await speech.arrayBuffer()).byteLength).toBeGreaterThan(0)
  expect((await gateway.records(2)).map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
})

test('OpenAI’s library: images and moderations', async () => {
  const { openai } = await startWithClients()
  const model = 'gpt-image-1'
  expect((await openai.images.generate({ model, prompt: 'a cat' })).data?.[0]?.b64_json).toBe('AAAA')
  const image = await toFile(AUDIO, 'a.png', { type: 'image/png' })
  expect((await openai.images.edit({ model, prompt: 'a dog', image })).data?.[0]?.b64_json).toBe('BBBB')
  const moderation = await openai.moderations.create({ input: 'x', model: 'gpt-moderation' })
  expect(moderation.results[0]?.flagged).toBe(false)
})

test('OpenAI’s library: files and batches; each key has its own', async () => {
  const { openai, other } = await startWithClients()
  const file = await openai.files.create({ file: await toFile(AUDIO, 'a.jsonl'), purpose: 'batch' })
  const asked = { input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' } as const
  const batch = await openai.batches.create(asked)
  expect((await openai.batches.retrieve(batch.id)).status).toBe('completed')
  expect(await (await openai.files.content(batch.output_file_id ?? '')).text()).toBe('{"custom_id":"a"}\n')
  const ids: string[] = []
  for await (const { id } of openai.files.list()) ids.push(id)
  expect(ids).toEqual([file.id])
  for await (const { id } of other.files.list()) ids.push(id)
  for await (const { id } of other.batches.list()) ids.push(id)
  expect(ids).toEqual([file.id])
  const foreign = [
    other.files.retrieve(file.id),
    other.files.content(file.id),
    other.files.delete(file.id),
    other.batches.retrieve(batch.id),
    other.batches.create(asked),
  ]
  for (const request of foreign) await expect(request).rejects.toBeInstanceOf(OpenAI.NotFoundError)
})

test('OpenAI’s library: stored responses', async () => {
  const { openai } = await startWithClients()
  expect((await openai.responses.retrieve('resp-1')).id).toBe('resp-1')
  expect((await openai.responses.cancel('resp-1')).status).toBe('cancelled')
  expect((await openai.responses.inputItems.list('resp-1')).data).toHaveLength(1)
  await openai.responses.delete('resp-1')
})

test('Anthropic’s library: tokens, batches and models', async () => {
  const { anthropic, upstream } = await startWithClients()
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  expect(await anthropic.messages.countTokens({ model: 'claude-9', messages })).toMatchObject({ input_tokens: 12 })
  const params = { model: 'claude-9', max_tokens: 9, messages }
  const batch = await anthropic.messages.batches.create({ requests: [{ custom_id: 'a', params }] })
  expect((await anthropic.messages.batches.retrieve(batch.id)).processing_status).toBe('ended')
  const ids: string[] = []
  for await (const { id } of anthropic.messages.batches.list()) ids.push(id)
  expect(ids).toEqual([batch.id])
  expect(upstream.requests.every(({ headers }) => headers['anthropic-version'] !== undefined)).toBe(true)
  const models: string[] = []
  for await (const { id, type } of anthropic.models.list()) models.push(`${type} ${id}`)
  expect(models).toContain('model echo')
})

test('OpenAI’s library for Azure', async () => {
  const { gateway } = await startWithClients()
  const azure = new AzureOpenAI({ apiKey: ALICE, endpoint: gateway.url, apiVersion: '2024-10-21', maxRetries: 0 })
  const file = await toFile(AUDIO, 'a.wav')
  expect((await azure.audio.transcriptions.create({ file, model: 'gpt-4o-transcribe' })).text).toBe('Hello')
  expect((await azure.files.retrieve('file-1')).id).toBe('file-1')
  const chat = { model: 'echo', messages: [{ role: 'user' as const, content: 'Hi there' }] }
  expect((await azure.chat.completions.create(chat)).choices[0]?.message.content).toContain('Hi there')
})
