import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { InvalidJson } from '../../../logdb/canon/invalid-json.ts'
import { BadRecord, EntryReader, type LogEntry, requestId } from '../../../logdb/record/entry.ts'
import { predecessorEvent, record } from '../../helpers/logdb/logs.ts'
import { SERVER_ID } from '../../helpers/logdb/workspace.ts'

/** An entry with the text of its bodies. */
interface ReadEntry extends LogEntry {
  requestText: string
  responseText: string
}

function entryOf(value: unknown): ReadEntry {
  const reader = new EntryReader()
  const entry = reader.read(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))
  if (!entry) throw new Error('no record')
  const textOf = ({ start, end }: LogEntry['request']) => reader.sink.view(start, end).toString('utf8')
  return { ...entry, requestText: textOf(entry.request), responseText: textOf(entry.response) }
}

function idOf({ fields, requestText, responseText }: ReadEntry): string {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  return requestId(SERVER_ID, fields, sha256(requestText), sha256(responseText))
}

/** Made by the predecessor itself. */
const GOLDEN = [
  {
    text: '{"timestamp":"2025-09-10T12:00:00Z","endpoint":"/v1/chat/completions","request":{"model":"gpt-4","messages":[{"role":"user","content":"Hi"}]},"response":{"id":"chatcmpl-1","model":"openrouter/openai/gpt-4","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"}}]}}',
    id: 'b3c816f86f1f09a0ca8c94e9e71c9c016a3a285adb8a54f49d8fd668c50831a5',
    ts: 1757505600,
    request: '{"messages": [{"content": "Hi", "role": "user"}], "model": "gpt-4"}',
  },
  {
    text: String.raw`{"timestamp":"2025-09-10T23:59:59.999999","endpoint":"/v1/x","request":{"a":1.0,"b":1e-5,"c":1E16,"d":-0,"e":-0.0,"f":12345678901234567890123,"g":0.1,"h":1e22,"i":100000000000000000000.0,"j":NaN},"response":{"\u00e9":"\u0001\u007f\/","\ud83d\ude00":1,"\ufffd":2,"z":null}}`,
    id: 'b75141d6e6cffabdaf04be5bda9919fe91329c3f085a7c67969f13377edcef6b',
    ts: 1757548799,
    request:
      '{"a": 1.0, "b": 1e-05, "c": 1e+16, "d": 0, "e": -0.0, "f": 12345678901234567890123, "g": 0.1, "h": 1e+22, "i": 1e+20, "j": NaN}',
  },
  {
    text: '{"timestamp":"2025-09-11T01:30:00+02:00","endpoint":"/v1/x","request":[],"response":"s","status_code":"200","latency_ms":"1.5"}',
    id: 'b25d137c1c8d5c457603d93cae011c44fb1067ebf512e686e722fb3760061728',
    ts: 1757547000,
    request: '[]',
  },
]

test.each(GOLDEN)('the id $id comes out as the predecessor made it', ({ text, id, ts, request }) => {
  const entry = entryOf(text)
  expect(idOf(entry)).toBe(id)
  expect(entry.instant.epochS).toBe(ts)
  expect(entry.requestText).toBe(request)
})

test('numbers in quotes are read as numbers, and the day is that of UTC', () => {
  const { fields, instant } = entryOf(GOLDEN[2]?.text)
  expect([instant.day, fields.statusCode, fields.latencyMs]).toEqual(['2025-09-10', 200, 1.5])
})

test('two equal requests in one microsecond have two ids', () => {
  const [first, second] = [entryOf(record({ x_request_id: 'a' })), entryOf(record({ x_request_id: 'b' }))]
  expect(idOf(first)).not.toBe(idOf(second))
})

test('a record of ours gives its own fields', () => {
  const { fields } = entryOf(
    record({
      dialog_id: 'd1',
      dialog_source: 'x-dialog-id',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      api_key_name: 'ann',
      usage: { input_tokens: 3, output_tokens: 4, cost: 0.00125 },
      dispatched_ms: 0.25,
      retries: 2,
      tokens_cache_read: 2,
      tokens_cache_write_5m: 1,
      tokens_cache_write_1h: 0,
      tokens_reasoning: 3,
    }),
  )
  expect(fields).toEqual({
    timestamp: '2025-09-10T12:00:00.000001Z',
    endpoint: '/v1/chat/completions',
    xRequestId: 'req-1',
    method: 'POST',
    provider: 'openrouter',
    modelOriginal: 'gpt-4o',
    modelMapped: 'openai/gpt-4o',
    stream: false,
    statusCode: 200,
    latencyMs: 12.5,
    ttfbMs: 3.25,
    overheadMs: 0.5,
    dispatchedMs: 0.25,
    retries: 2,
    apiKeyHash: '0123456789abcdef',
    apiKeyName: 'ann',
    xDialogId: 'd1',
    dialogSource: 'x-dialog-id',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    finishReason: 'stop',
    outcome: 'ok',
    tokensIn: 3,
    tokensOut: 4,
    tokensCacheRead: 2,
    tokensCacheWrite5m: 1,
    tokensCacheWrite1h: 0,
    tokensReasoning: 3,
    cost: 0.00125,
    bytesIn: 100,
    bytesOut: 200,
    release: '20250910-110000',
  })
})

test('the counts of a record of ours, which mean the same for all providers, come before those of its provider', () => {
  const usage = { input_tokens: 3, cache_read_input_tokens: 20, output_tokens: 4 }
  const { fields } = entryOf(record({ usage, tokens_in: 23, tokens_out: 5 }))
  expect([fields.tokensIn, fields.tokensOut]).toEqual([23, 5])
})

test('models of the predecessor come from its bodies', () => {
  const { fields } = entryOf(predecessorEvent())
  expect([fields.modelOriginal, fields.modelMapped]).toEqual(['gpt-4', 'openrouter/openai/gpt-4'])
  const plain = entryOf(predecessorEvent({ request: { model: 'm', _original_model: '' }, response: { error: 'x' } }))
  expect([plain.fields.modelOriginal, plain.fields.modelMapped]).toEqual(['m', null])
})

test.each([
  [{ request: null }, 'request is null'],
  [{ response: null }, 'response is null'],
  [{ timestamp: 'yesterday' }, 'timestamp is not an ISO 8601 time'],
  [{ timestamp: '2025-02-30T00:00:00Z' }, 'timestamp is not an ISO 8601 time'],
  [{ endpoint: '' }, 'endpoint is not a string'],
  [{ v: 2 }, 'record version 2 is unknown'],
])('%j is refused', (fields, reason) => {
  const bytes = Buffer.from(JSON.stringify({ ...record(), ...fields }))
  expect(() => new EntryReader().read(bytes)).toThrow(BadRecord)
  expect(() => new EntryReader().read(bytes)).toThrow(reason)
})

test('values of a wrong type are kept as text or left out, and do not stop a run', () => {
  const { fields } = entryOf({
    ...record(),
    api_key_hash: ['a'],
    status_code: 'x',
    latency_ms: true,
    model_original: 5,
  })
  expect([fields.apiKeyHash, fields.statusCode, fields.latencyMs, fields.modelOriginal]).toEqual([
    '["a"]',
    null,
    null,
    '5',
  ])
})

test('JSON that is not a record of a request is recognised', () => {
  expect(new EntryReader().read(Buffer.from('{"event":"started","endpoint":"/v1/x"}'))).toBeUndefined()
})

test.each([
  ['a key with escapes', (text: string) => text.replace('"request"', '"re\\u0071uest"')],
  ['white space everywhere', (text: string) => ` ${JSON.stringify(JSON.parse(text), null, '\t')} \r\n`],
  ['another order', (text: string) => `{"response":{"model":"x"},${text.slice(1, -1)},"zone":[{"a":"}]\\""}]}`],
])('a record reads the same with %s', (_, change) => {
  const text = JSON.stringify(record())
  expect(change(text)).not.toBe(text)
  const [changed, plain] = [entryOf(change(text)), entryOf(text)]
  expect(changed.fields).toEqual(plain.fields)
  expect([changed.requestText, changed.responseText]).toEqual([plain.requestText, plain.responseText])
})

test('of a field that is there twice the last one applies, also of a body', () => {
  const text = JSON.stringify(record()).slice(0, -1)
  const entry = entryOf(`${text},"request":{"a":1},"outcome":"rejected"}`)
  expect([entry.requestText, entry.fields.outcome]).toEqual(['{"a": 1}', 'rejected'])
})

test('a number in the place of a text is kept as it is written, and NaN is not kept as a number', () => {
  const text = JSON.stringify({ ...record(), api_key_hash: 'KEY', latency_ms: 'LATENCY' })
  const { fields } = entryOf(text.replace('"KEY"', '-12345678901234567890123').replace('"LATENCY"', 'NaN'))
  expect([fields.apiKeyHash, fields.latencyMs, fields.outcome]).toEqual(['-12345678901234567890123', null, 'ok'])
})

test.each([
  ['"outcome":"ok"', '"outcome":ok'],
  ['"outcome":"ok"', '"outcome":"\\x"'],
  ['"outcome":"ok"', '"outcome":'],
  ['"outcome":"ok"', '"outcome":"o\nk"'],
  ['"outcome":"ok"', '"outcome":[1,}'],
  ['"outcome":"ok"', '"outcome":"ok'],
  ['"v":1', '"v":1}'],
  ['"v":1', '"v":1 2'],
])('damage outside the bodies is found, with its place: %s as %s', (from, to) => {
  const text = JSON.stringify(record())
  const damaged = text.replace(from, to)
  expect(damaged).not.toBe(text)
  const read = () => new EntryReader().read(Buffer.from(damaged))
  expect(read).toThrow(InvalidJson)
  expect(read).toThrow(/at byte \d+$/)
})
