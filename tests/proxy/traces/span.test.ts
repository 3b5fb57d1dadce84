import { expect, test } from 'vitest'
import type { LogRecordFields } from '../../../kit/log-record.ts'
import { spanOf } from '../../../proxy/traces/span.ts'
import { traceContextOf } from '../../../proxy/traces/trace-context.ts'

const FIELDS: LogRecordFields = {
  v: 1,
  timestamp: '2026-01-02T03:04:05.678901Z',
  x_request_id: 'req_1',
  endpoint: '/v1/messages',
  method: 'POST',
  status_code: 200,
  latency_ms: 1500.25,
  ttfb_ms: 250,
  overhead_ms: 1,
  provider: 'anthropic',
  model_original: 'mine',
  model_mapped: 'claude-x',
  stream: true,
  api_key_hash: 'a1',
  finish_reason: 'end_turn',
  usage: null,
  outcome: 'ok',
  bytes_in: 1,
  bytes_out: 2,
  release: 'dev',
}

function attributesOf(fields: Partial<LogRecordFields>) {
  return spanOf(traceContextOf({}), { ...FIELDS, ...fields }).attributes
}

test('tokens are those of the record, and what is written to caches is one sum', () => {
  const tokens = {
    tokens_in: 125,
    tokens_out: 7,
    tokens_cache_read: 100,
    tokens_cache_write_5m: 5,
    tokens_cache_write_1h: 15,
  }
  expect(attributesOf(tokens)).toMatchObject({
    'gen_ai.usage.input_tokens': 125,
    'gen_ai.usage.output_tokens': 7,
    'gen_ai.usage.cache_read.input_tokens': 100,
    'gen_ai.usage.cache_creation.input_tokens': 20,
  })
  expect(attributesOf({})).toMatchObject({
    'gen_ai.usage.input_tokens': undefined,
    'gen_ai.usage.cache_creation.input_tokens': null,
  })
})

test.for([
  ['/v1/messages', 'chat claude-x'],
  ['/v1/responses', 'chat claude-x'],
  ['/v1/completions', 'text_completion claude-x'],
  ['/v1/embeddings', 'embeddings claude-x'],
] as const)('the span of %s is called %s', ([endpoint, name]) => {
  expect(spanOf(traceContextOf({}), { ...FIELDS, endpoint }).name).toBe(name)
})

test('a request without a model, a provider or an answer has a span too', () => {
  const fields = { model_original: null, model_mapped: null, provider: null, ttfb_ms: null, finish_reason: null }
  const span = spanOf(traceContextOf({}), { ...FIELDS, ...fields, status_code: 499, outcome: 'client_aborted' })
  expect([span.name, span.isError]).toEqual(['chat', false])
  expect(span.attributes).toMatchObject({ 'error.type': 'client_aborted', 'gen_ai.provider.name': null })
})

test('the span begins and ends when the request did, to the microsecond', () => {
  const { startMs, endMs } = spanOf(traceContextOf({}), FIELDS)
  expect(endMs).toBeCloseTo(Date.UTC(2026, 0, 2, 3, 4, 5) + 678.901, 3)
  expect(endMs - startMs).toBeCloseTo(1500.25, 3)
  expect(attributesOf({ provider: 'gemini' })['gen_ai.provider.name']).toBe('gcp.gemini')
  expect(attributesOf({})['gen_ai.response.time_to_first_chunk']).toBe(0.25)
})
