import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { watchRelease } from '../../../../deploy/remote/looking/watch-script.ts'
import { GatewayMetrics } from '../../../../proxy/metrics/metrics.ts'
import { createMetricsPage } from '../../../../proxy/metrics/page.ts'
import { pathWith } from '../../../helpers/server/programs-first.ts'

/** Runs what is to run in a container here; NEW runs, and OLD is gone. */
const DOCKER = `#!/bin/sh
case $1 in
  exec) [ "$2" = NEW ] || exit 1; shift 2; exec "$@" ;;
  inspect) [ "$4" = NEW ] && echo 'container running 0 2026-11-24T00:00:00Z' ;;
esac
`

const fields = (provider: string | null, code: number, outcome: string) =>
  ({ ...{ endpoint: 'chat/completions', provider, usage: null, status_code: code, outcome } }) as unknown as Parameters<
    GatewayMetrics['answered']
  >[0]

/** A gateway with one answer of each kind. */
async function startGateway() {
  const metrics = new GatewayMetrics()
  for (const one of [
    ...[fields('openai', 200, 'ok'), fields('openai', 502, 'upstream_error'), fields(null, 404, 'rejected')],
    ...[fields(null, 500, 'rejected'), fields('openai', 503, 'rejected'), fields('echo', 500, 'rejected')],
  ]) {
    metrics.answered({ ...one, latency_ms: 1, ttfb_ms: null, overhead_ms: null }, undefined, undefined)
  }
  const page = createMetricsPage({ metrics, running: { size: 0 }, requestLog: { lost: 0, waitingBytes: 0 } })
  const server = createServer(async ({ url }, response) => {
    if (url === '/metrics') response.end(await page())
    else response.writeHead(url === '/ready' ? 200 : 404).end()
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('a release is looked at from outside and from inside its container, with the real names of the metrics', async () => {
  const port = await startGateway()
  const run = async (container: string, previous: string | null) => {
    const [file = '', ...args] = watchRelease(container, port, 1, previous)
    const { stdout } = await execa(file, args, {
      env: { PATH: pathWith({ docker: DOCKER }), METRICS_PORT: String(port) },
    })
    return stdout.split('\n')
  }
  const lines = await run('NEW', 'NEW')
  expect(lines).toContain('container running 0 2026-11-24T00:00:00Z')
  expect(lines).toContain('before 5 2 1')
  expect(lines.filter((line) => line.startsWith('inside'))[0]).toMatch(/^inside \d{13} \d{13} 1 5 2 1$/)
  expect(await run('OLD', 'OLD')).toEqual(['container absent 0 never'])
})
