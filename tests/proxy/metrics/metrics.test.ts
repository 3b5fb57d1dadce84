import { expect, test } from 'vitest'
import { GatewayMetrics } from '../../../proxy/metrics/metrics.ts'
import { createMetricsPage } from '../../../proxy/metrics/page.ts'
import { chat, startWithUpstream, type TestGateway } from '../../helpers/gateway/gateway.ts'
import { completion, reply, startBeforeRaw } from '../../helpers/gateway/raw-upstream.ts'

const RECORD = {
  v: 1 as const,
  timestamp: '2026-11-29T08:51:14.123456Z',
  x_request_id: 'req_1',
  method: 'POST',
  ttfb_ms: null,
  overhead_ms: null,
  model_original: null,
  model_mapped: null,
  stream: false,
  api_key_hash: null,
  finish_reason: null,
  usage: null,
  bytes_in: 0,
  bytes_out: 0,
  release: 'dev',
}

function page({ gateway, running }: TestGateway): Promise<string> {
  const requestLog = { lost: 0, waitingBytes: 0 }
  return createMetricsPage({ metrics: gateway.metrics, running, requestLog })()
}

test('requests are counted by the names of config.yml, whatever names clients send', async () => {
  const { gateway } = await startWithUpstream()
  for (const model of ['mock/normal', 'mock/no-done', 'mock/500', 'nowhere-1', 'nowhere-2']) {
    await gateway.post(chat(model, { stream: model === 'mock/no-done' }))
  }
  await gateway.records(5)
  const text = await page(gateway)
  const lines = text.split('\n').filter((line) => line.startsWith('ai_proxy_'))
  const labels = 'endpoint="/v1/chat/completions",provider="openrouter",model="mock/*"'
  expect(lines).toContain(`ai_proxy_requests_total{${labels},status="200",outcome="ok"} 2`)
  expect(lines).toContain(`ai_proxy_requests_total{${labels},status="500",outcome="upstream_error"} 1`)
  expect(lines).toContain('ai_proxy_rejected_total{code="model_not_found"} 2')
  expect(lines).toContain('ai_proxy_tokens_total{provider="openrouter",model="mock/*",direction="input"} 7')
  expect(lines).toContain('ai_proxy_requests_in_flight 0')
  expect(lines).toContain('ai_proxy_log_records_lost 0')
  expect(text).not.toContain('nowhere')
})

test('tokens add up over APIs that count the input in two ways', async () => {
  const cached = { cache_read_input_tokens: 1000, cache_creation: { ephemeral_1h_input_tokens: 200 } }
  const usages = {
    '/chat/completions': { prompt_tokens: 1207, prompt_tokens_details: { cached_tokens: 1000 }, completion_tokens: 5 },
    '/messages': { input_tokens: 7, ...cached, output_tokens: 5, output_tokens_details: { thinking_tokens: 3 } },
  }
  const answers = {
    '/chat/completions': completion('Hi'),
    '/messages': { id: 'm', type: 'message', content: [], stop_reason: 'end_turn' },
  }
  const { gateway } = await startBeforeRaw(
    (socket, { path }) => {
      const api = path as keyof typeof usages
      socket.write(reply(200, { ...answers[api], usage: usages[api] }))
    },
    { mappings: { claude: 'claude:claude' } },
  )
  await gateway.post(chat('mine'))
  await gateway.post(chat('claude'), {}, '/v1/messages')
  const records = await gateway.records(2)
  expect(records.map(({ tokens_in }) => tokens_in)).toEqual([1207, 1207])
  expect(records[1]).toMatchObject({ tokens_out: 5, tokens_cache_read: 1000, tokens_cache_write_1h: 200 })
  expect(records[1]).toMatchObject({ usage: usages['/messages'], tokens_reasoning: 3 })
  const lines = (await page(gateway)).split('\n')
  for (const [name, model] of [
    ['openai', 'mine'],
    ['claude', 'claude'],
  ]) {
    const labels = `provider="${name}",model="${model}"`
    expect(lines).toContain(`ai_proxy_tokens_total{${labels},direction="input"} 1207`)
    expect(lines).toContain(`ai_proxy_token_parts_total{${labels},part="cache_read"} 1000`)
  }
  expect(lines).toContain('ai_proxy_token_parts_total{provider="claude",model="claude",part="cache_write_1h"} 200')
  expect(lines).toContain('ai_proxy_token_parts_total{provider="claude",model="claude",part="reasoning"} 3')
})

test('requests that differ in one label are counted apart, also right after each other', () => {
  const metrics = new GatewayMetrics()
  const usual = {
    endpoint: '/v1/messages',
    provider: 'openai',
    status_code: 200,
    outcome: 'ok' as const,
    latency_ms: 1,
  }
  const variants = [
    [usual, 'a'],
    [{ ...usual, endpoint: '/v1/embeddings' }, 'a'],
    [{ ...usual, provider: 'gemini' }, 'a'],
    [{ ...usual, provider: null }, 'a'],
    [{ ...usual, status_code: 201 }, 'a'],
    [{ ...usual, outcome: 'client_aborted' as const }, 'a'],
    [usual, 'b'],
  ] as const
  for (const [fields, mapping] of [...variants, ...variants]) {
    metrics.answered({ ...RECORD, ...fields }, mapping, undefined)
    metrics.answered({ ...RECORD, ...fields }, mapping, undefined)
  }
  expect([...metrics.requests.values()].map(({ requests }) => requests)).toEqual(variants.map(() => 4))
  const durations = [...metrics.duration.series.values()].map(({ labels, counts }) => [
    ...Object.values(labels),
    counts[0],
  ])
  expect(durations).toEqual([
    ['/v1/messages', 'openai', 16],
    ['/v1/embeddings', 'openai', 4],
    ['/v1/messages', 'gemini', 4],
    ['/v1/messages', 'none', 4],
  ])
})

test('errors of the gateway without a code are counted under their type', async () => {
  const { gateway } = await startWithUpstream()
  await gateway.post('{')
  await gateway.records(1)
  expect(await page(gateway)).toContain('ai_proxy_rejected_total{code="invalid_request_error"} 1')
})

test('a histogram has cumulative buckets, a sum and a count', async () => {
  const { gateway } = await startWithUpstream()
  for (const model of ['mock/normal', 'mock/slow-30x4']) await gateway.post(chat(model))
  await gateway.records(2)
  const text = await page(gateway)
  const of = (le: string) =>
    Number(new RegExp(`^ai_proxy_request_duration_seconds_bucket\\{le="${le}".*\\} (\\d+)$`, 'm').exec(text)?.[1])
  expect([of('0\\.005'), of('30'), of('\\+Inf')]).toEqual([expect.any(Number), 2, 2])
  expect(of('0\\.1')).toBeLessThan(2)
  expect(text).toMatch(/^ai_proxy_request_duration_seconds_count\{.*\} 2$/m)
  expect(Number(/^ai_proxy_request_duration_seconds_sum\{.*\} (\S+)$/m.exec(text)?.[1])).toBeGreaterThan(0.12)
})
