import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { spawnScript } from '../../helpers/process/server-process.ts'
import { cpuTimeMs } from '../../helpers/process/usage.ts'
import { median } from '../numbers.ts'
import { printTable } from '../table.ts'
import type { Contender } from './contenders.ts'
import type { RateResult } from './rate-client.ts'
import { REQUEST_BODY } from './requests.ts'
import type { Target } from './wrk.ts'

/** What the slowest contender can carry with ease. */
const PER_SECOND = 50
const SECONDS = 4
const ROUNDS = 3

/** Posts small bodies at a fixed rate. */
export async function atRate(target: Target, perSecond: number, seconds: number): Promise<RateResult> {
  const { url, headers } = target
  const args = [url, JSON.stringify(headers), REQUEST_BODY, String(perSecond), String(seconds)]
  return JSON.parse(await text(spawnScript(join(import.meta.dirname, 'rate-client.ts'), args).stdout))
}

/** What each contender makes of the same few requests a second. */
export async function measureFixedRate(contenders: Contender[]): Promise<void> {
  const samples = new Map<string, (RateResult & { cpuUs: number })[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of contenders) {
      const beforeMs = cpuTimeMs(contender.pid)
      const result = await atRate(contender, PER_SECOND, SECONDS)
      const cpuUs = ((cpuTimeMs(contender.pid) - beforeMs) * 1_000) / result.requests
      samples.get(contender.name)?.push({ ...result, cpuUs })
    }
  }
  printTable(
    `${PER_SECOND} requests a second each, medians of ${ROUNDS} rounds in turn`,
    ['', 'CPU us', 'p50 ms', 'p99 ms', 'failed'],
    [...samples].map(([name, rounds]) => [
      name,
      median(rounds.map(({ cpuUs }) => cpuUs)),
      median(rounds.map(({ p50Ms }) => p50Ms)),
      median(rounds.map(({ p99Ms }) => p99Ms)),
      String(rounds.reduce((sum, { failed }) => sum + failed, 0)),
    ]),
  )
}
