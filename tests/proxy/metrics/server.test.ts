import { request } from 'undici'
import { expect, test } from 'vitest'
import { chat, eventually } from '../../helpers/gateway/gateway.ts'
import { spawnGateway, startProcess, usedPort } from '../../helpers/gateway/gateway-process.ts'
import { freePort } from '../../helpers/process/server-process.ts'

test('metrics have their own port', async () => {
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

test('a METRICS_PORT that is in use is an error', async () => {
  const gateway = spawnGateway({ PORT: String(await freePort()), METRICS_PORT: String(await usedPort()) })
  expect(await gateway.exit).toBe(1)
  expect(gateway.output.stderr).toMatch(/✖ Cannot serve metrics on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\nHint: /)
})
