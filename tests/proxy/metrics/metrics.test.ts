import { createServer } from 'node:net'
import { request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { createMetricsPage } from '../../../proxy/metrics/page.ts'
import { chat, eventually, startWithUpstream, type TestGateway } from '../../helpers/gateway/gateway.ts'
import { freePort, spawnGateway, startProcess } from '../../helpers/gateway/gateway-process.ts'

function page({ gateway, running }: TestGateway): Promise<string> {
  const requestLog = { lost: 0, waitingBytes: 0 }
  return createMetricsPage({ metrics: gateway.metrics, running, requestLog })()
}

test('requests are counted by the names of config.yml, whatever clients ask for', async () => {
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

test('errors of ours that have no code are counted under their type', async () => {
  const { gateway } = await startWithUpstream()
  await gateway.post('{')
  await gateway.records(1)
  expect(await page(gateway)).toContain('ai_proxy_rejected_total{code="invalid_request_error"} 1')
})

test('a histogram is one: buckets that add up, with a sum and a count', async () => {
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

test('metrics have a port of their own', async () => {
  const gateway = await startProcess()
  expect((await request(`${gateway.url}/metrics`)).statusCode).toBe(404)
  await (await gateway.post(chat('echo'))).body.dump()
  await eventually(async () => {
    const { statusCode, headers, body } = await request(gateway.metricsUrl)
    expect([statusCode, headers['content-type']]).toEqual([200, expect.stringContaining('text/plain; version=0.0.4')])
    const text = await body.text()
    expect(text).toContain('ai_proxy_requests_total{endpoint="/v1/chat/completions",provider="echo",model="echo"')
    expect(text).toContain('process_resident_memory_bytes')
  })
})

test('a port for metrics that was asked for and is taken is an error', async () => {
  const other = createServer()
  onTestFinished(() => void other.close())
  const port = await freePort()
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
  const gateway = spawnGateway({ PORT: String(await freePort()), METRICS_PORT: String(port) })
  expect(await gateway.exit).toBe(1)
  expect(gateway.output.stderr).toMatch(/✖ Cannot serve metrics on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\nHint: /)
})
