/**
 * Posts small bodies at a fixed rate, whether earlier ones were answered or not, and prints a RateResult. A request that has
 * to wait counts from the moment when it should have left; those of the first second do not count, while this process is
 * still being compiled. As a process:
 * `rate-client.ts <url> <headers as JSON> <body> <requests a second> <seconds>`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { percentile } from '../numbers.ts'
import { monotonicMs } from './clock.ts'

export interface RateResult {
  requests: number
  p50Ms: number
  p99Ms: number
  /** Answers other than 200 and broken connections. */
  failed: number
}

const WARM_UP_S = 1

const [url = '', headersJson = '{}', body = '', perSecond = '1', seconds = '1'] = process.argv.slice(2)
const { origin, pathname: path } = new URL(url)
const pool = new Pool(origin)
const headers = { 'content-type': 'application/json', ...JSON.parse(headersJson) }
const latenciesMs: number[] = []
let failed = 0

async function post(dueMs: number): Promise<void> {
  try {
    const response = await pool.request({ method: 'POST', path, headers, body })
    await response.body.dump()
    if (response.statusCode !== 200) failed++
  } catch {
    failed++
  }
  if (dueMs - startMs >= WARM_UP_S * 1_000) latenciesMs.push(monotonicMs() - dueMs)
}

const startMs = monotonicMs()
const count = Number(perSecond) * (WARM_UP_S + Number(seconds))
const sent: Promise<void>[] = []
while (sent.length < count) {
  const dueMs = startMs + (sent.length / Number(perSecond)) * 1_000
  const waitMs = dueMs - monotonicMs()
  if (waitMs > 0) await sleep(waitMs)
  else sent.push(post(dueMs))
}
await Promise.all(sent)
await pool.close()
const result: RateResult = {
  requests: latenciesMs.length,
  p50Ms: percentile(latenciesMs, 50),
  p99Ms: percentile(latenciesMs, 99),
  failed,
}
process.stdout.write(`${JSON.stringify(result)}\n`)
