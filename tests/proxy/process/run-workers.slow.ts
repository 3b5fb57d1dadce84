import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { expect, test } from 'vitest'
import { chat, eventually, readRecords } from '../../helpers/gateway/gateway.ts'
import { STARTING, spawnGateway, startProcessWithUpstream, usedPort } from '../../helpers/gateway/gateway-process.ts'
import { freePort } from '../../helpers/process/server-process.ts'

async function textOf(url: string): Promise<string> {
  return await (await request(url)).body.text()
}

/** Each request on a new connection, so that every worker gets some. */
async function postAll(gateway: { url: string }, count: number, model: string): Promise<number[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const dispatcher = new Agent()
      const { statusCode, body } = await request(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(chat(model)),
        dispatcher,
      })
      await body.dump()
      await dispatcher.close()
      return statusCode
    }),
  )
}

test('workers share a port, each has its own log, one page of metrics sums them, and SIGTERM lets answers end', async () => {
  const { gateway } = await startProcessWithUpstream({ WORKERS: '2' })
  expect(new Set(await postAll(gateway, 20, 'mock/normal'))).toEqual(new Set([200]))
  const logs = join(gateway.cwd, 'logs')
  await eventually(() => expect(readRecords(logs)).toHaveLength(20))
  expect(readdirSync(logs)).toEqual([
    expect.stringMatching(/^requests-[\d-]+\.w1\.jsonl$/),
    expect.stringMatching(/^requests-[\d-]+\.w2\.jsonl$/),
  ])
  const metrics = await textOf(gateway.metricsUrl)
  expect(metrics).toMatch(/^ai_proxy_requests_total\{.*model="mock\/\*".*\} 20$/m)
  expect(metrics).toMatch(/^ai_proxy_request_duration_seconds_count\{.*\} 20$/m)

  const answers = postAll(gateway, 6, 'mock/slow-20x30')
  await eventually(async () => {
    expect(await textOf(gateway.metricsUrl)).toMatch(/^ai_proxy_requests_in_flight 6$/m)
  })
  gateway.process.kill('SIGTERM')
  expect(await answers).toEqual(Array(6).fill(200))
  expect(await gateway.exit).toBe(0)
  expect(readRecords(logs)).toHaveLength(26)
})

test('a second Ctrl-C ends running answers in all workers, and their records are written', async () => {
  const { gateway } = await startProcessWithUpstream({ WORKERS: '2' })
  const answers = postAll(gateway, 4, 'mock/hang')
  await eventually(async () => {
    expect(await textOf(gateway.metricsUrl)).toMatch(/^ai_proxy_requests_in_flight 4$/m)
  })
  gateway.process.kill('SIGINT')
  await eventually(async () => expect((await request(`${gateway.url}/ready`)).statusCode).toBe(503))
  gateway.process.kill('SIGINT')
  expect(await answers).toEqual(Array(4).fill(503))
  expect(await gateway.exit).toBe(130)
  expect(readRecords(join(gateway.cwd, 'logs'))).toHaveLength(4)
})

test('workers that cannot start end the gateway with their exit code', async () => {
  const METRICS_PORT = String(await freePort())
  const gateway = spawnGateway({ PORT: String(await usedPort()), METRICS_PORT, WORKERS: '3' })
  expect(await gateway.exit).toBe(1)
  expect(gateway.output.stderr).toMatch(/^(✖ .* is in use\.\nHint: .*\n)+$/)
})

test.concurrent('a worker that dies is started again, and meanwhile the metrics say so', async () => {
  const { gateway } = await startProcessWithUpstream({ WORKERS: '2', RELEASE_ID: '20261123-120000' })
  const pids = () => new Set(gateway.output.stdout.match(/(?<="pid":)\d+/g) ?? [])
  await eventually(() => expect(pids().size).toBe(2), STARTING)
  await eventually(async () => expect((await request(gateway.metricsUrl)).statusCode).toBe(200), STARTING)
  process.kill(Number([...pids()][0]), 'SIGKILL')
  await eventually(async () => {
    expect(await textOf(gateway.metricsUrl)).toBe('a worker is starting; ask again in a moment\n')
  }, STARTING)
  await eventually(() => expect(pids().size).toBe(3), STARTING)
  await eventually(
    async () => expect(await textOf(gateway.metricsUrl)).toContain('ai_proxy_requests_in_flight 0'),
    STARTING,
  )
  expect(gateway.output.stderr).toMatch(/worker [12] ended \(SIGKILL\) and is started again in 1 s/)
  expect(new Set(await postAll(gateway, 8, 'mock/normal'))).toEqual(new Set([200]))
})

test.concurrent('a worker that cannot start again is tried later, and the others keep running', async () => {
  const { gateway, configPath } = await startProcessWithUpstream({ WORKERS: '2' })
  const pids = () => [...new Set(gateway.output.stdout.match(/(?<="pid":)\d+/g) ?? [])]
  expect(pids()).toHaveLength(2)
  writeFileSync(configPath, 'model_mappings: 7\n')
  process.kill(Number(pids()[0]), 'SIGKILL')
  await eventually(() => {
    expect(gateway.output.stderr).toMatch(/worker [12] could not start \(2\) and is started again in 2 s/)
  }, STARTING)
  expect(await postAll(gateway, 4, 'mock/normal')).toEqual([200, 200, 200, 200])
  expect(await textOf(gateway.metricsUrl)).toMatch(/^ai_proxy_requests_total\{.*\} 4$/m)

  writeFileSync(configPath, 'model_mappings: { "mock/*": "openrouter:mock/*" }\n')
  await eventually(() => expect(pids()).toHaveLength(3), STARTING)
  expect(gateway.process.exitCode).toBeNull()
})
