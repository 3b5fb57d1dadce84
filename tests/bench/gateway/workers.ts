import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { median, medianRatio } from '../numbers.ts'
import { type Figure, printTable } from '../table.ts'
import { startGateway, type UpstreamAddress } from './contenders.ts'
import { REQUEST_BODY } from './requests.ts'
import { wrk } from './wrk.ts'

const ROUNDS = 3
const LOAD = { connections: 32, durationS: 4, body: REQUEST_BODY }
const PERIOD_US = 100_000
const CGROUPS = '/sys/fs/cgroup'

/**
 * What a second worker brings where each worker may use half a core, so that load and upstream have the rest of two cores.
 * It shows that workers share nothing that holds them up; it does not show what more cores of a real machine bring.
 */
export async function measureWorkers(address: UpstreamAddress): Promise<Figure[]> {
  const perS: Record<1 | 2, number[]> = { 1: [], 2: [] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const workers of [1, 2] as const) {
      const measured = await requestsPerS(address, workers)
      if (measured === undefined) return []
      perS[workers].push(measured)
    }
  }
  printTable(
    `Workers that may use half a core each, medians of ${ROUNDS} rounds in turn`,
    ['', 'requests/s'],
    [
      ['one', median(perS[1])],
      ['two', median(perS[2])],
    ],
  )
  const ratio = medianRatio(perS[2], perS[1])
  return [{ what: 'two workers of half a core against one', measured: ratio, unit: 'x', asked: { atLeast: 1.8 } }]
}

/** @returns undefined where processes cannot be held to a part of a core */
async function requestsPerS(address: UpstreamAddress, workers: 1 | 2): Promise<number | undefined> {
  // A second, idle worker would get connections, so one worker is a gateway without workers of its own.
  const gateway = await startGateway(address, { env: { WORKERS: String(workers) } })
  const held = workers === 1 ? [gateway.pid] : await childrenOf(gateway.pid)
  const groups: string[] = []
  try {
    for (const pid of held) groups.push(holdToHalfACore(pid))
    await wrk(gateway, { ...LOAD, folder: address.folder })
    return (await wrk(gateway, { ...LOAD, folder: address.folder })).requestsPerS
  } catch (error) {
    if (groups.length === held.length) throw error
    process.stdout.write(`\nworkers of half a core: not measured, no CPU quota can be set here (${String(error)})\n`)
    return undefined
  } finally {
    await gateway.stop()
    for (const group of groups) rmdirSync(group)
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  await sleep(1_000)
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}

/** @throws if this user may not, or the kernel has no such groups */
function holdToHalfACore(pid: number): string {
  const isFirstVersion = existsSync(join(CGROUPS, 'cpu'))
  const group = join(CGROUPS, isFirstVersion ? 'cpu' : '', `ai-deploy-bench-${pid}`)
  mkdirSync(group)
  if (isFirstVersion) writeFileSync(join(group, 'cpu.cfs_quota_us'), String(PERIOD_US / 2))
  else writeFileSync(join(group, 'cpu.max'), `${PERIOD_US / 2} ${PERIOD_US}`)
  writeFileSync(join(group, 'cgroup.procs'), String(pid))
  return group
}
