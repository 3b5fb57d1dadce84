import { expect, test } from 'vitest'
import { createMetricsPage } from '../../../proxy/metrics/page.ts'
import { chat, startWithUpstream, type TestGateway } from '../../helpers/gateway/gateway.ts'

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
