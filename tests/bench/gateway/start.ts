import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { packageRoot } from '../../../kit/package-root.ts'
import { freePort } from '../../helpers/process/server-process.ts'
import { residentBytes } from '../../helpers/process/usage.ts'
import { median } from '../numbers.ts'
import { type Figure, printTable } from '../table.ts'
import { monotonicMs } from './clock.ts'

const ROUNDS = 7
const ASK_EVERY_MS = 2
const SETTLE_MS = 2_000
const BYTES_PER_MB = 1e6

/** How long a gateway takes from its start to its first answer, and the memory of one that has nothing to do. */
export async function measureStart(folder: string): Promise<Figure[]> {
  const samples: { readyMs: number; idleMb: number }[] = []
  for (let round = 0; round < ROUNDS; round++) samples.push(await sample(folder))
  const readyMs = median(samples.map((one) => one.readyMs))
  const idleMb = median(samples.map((one) => one.idleMb))
  printTable(`Start, medians of ${ROUNDS} rounds`, ['', 'ready ms', 'idle MB'], [['gateway', readyMs, idleMb]])
  return [
    { what: 'ready after its start', measured: readyMs, unit: 'ms', asked: { atMost: 250 } },
    { what: 'memory when idle', measured: idleMb, unit: 'MB', asked: { atMost: 75 } },
  ]
}

async function sample(folder: string): Promise<{ readyMs: number; idleMb: number }> {
  const port = await freePort()
  const startMs = monotonicMs()
  const child = startMain(folder, port)
  try {
    while (!(await isReady(port))) await sleep(ASK_EVERY_MS)
    const readyMs = monotonicMs() - startMs
    await sleep(SETTLE_MS)
    return { readyMs, idleMb: residentBytes(child.pid ?? 0) / BYTES_PER_MB }
  } finally {
    const exited = once(child, 'exit')
    child.kill()
    await exited
  }
}

function startMain(folder: string, port: number): ChildProcess {
  const env = { PATH: process.env['PATH'] ?? '', PORT: String(port), LOG_DIR: join(folder, `logs-${port}`) }
  const command = [join(packageRoot(), 'dist/proxy/main.js'), '--no-dotenv']
  return spawn(process.execPath, command, { cwd: folder, env, stdio: 'ignore' })
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ready`)).ok
  } catch {
    return false
  }
}
