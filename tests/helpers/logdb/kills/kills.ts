import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Random } from '../../random.ts'
import { type Ended, endOf } from '../cli-child.ts'
import type { Workspace } from '../workspace.ts'
import { SERVER_ID } from '../workspace.ts'

const HOOK = import.meta.resolve('./kill-before-step.mjs')
/** More than enough, though half of the runs may end before their kill. */
const MOST_RUNS_PER_KILL = 20

/** The part of a run in which it has hardly done anything but start. */
const STARTING = 0.1

/** A command that may be killed, in a folder that is made again as often as necessary. */
export interface Killable {
  /** The compiled program. */
  cli: string
  args: string[]
  env?: Record<string, string>
  setUp(): Promise<Workspace>
  /** What must be the same however often runs were killed. */
  contentOf(space: Workspace): Promise<unknown>
}

export interface KillFigures {
  kills: number
  /** Runs that ended before their kill; each was compared with a clean one. */
  ended: number
  cleanMs: number
}

interface CleanRun {
  content: unknown
  /** How long it took. */
  elapsedMs: number
  /** What it did to the database. */
  steps: string[]
}

/**
 * Kills runs at random times until `kills` have really happened. Each run continues from what the killed one left. The
 * times come from a clean run. A run that ends before its kill is compared with the clean run, and the next one starts
 * again from nothing. So nothing depends on how fast the machine is.
 */
export async function killAtRandom(killable: Killable, kills: number, random: Random): Promise<KillFigures> {
  const clean = await cleanRun(killable)
  const earliestMs = clean.elapsedMs * STARTING
  const figures = { kills: 0, ended: 0, cleanMs: Math.round(clean.elapsedMs) }
  let space = await killable.setUp()
  for (let run = 1; figures.kills < kills; run++) {
    expect(run).toBeLessThan(kills * MOST_RUNS_PER_KILL)
    const child = start(killable, space)
    const afterMs = earliestMs + (random.below(1000) / 1000) * (clean.elapsedMs - earliestMs)
    if (await isKilled(child, afterMs)) figures.kills++
    else {
      figures.ended++
      await expectLikeClean(killable, space, clean)
      space = await killable.setUp()
    }
  }
  await runToEnd(killable, space)
  await expectLikeClean(killable, space, clean)
  return figures
}

/** Kills a run before some of its steps, each time in a separate folder; the next run must end like a clean one. */
export async function killBeforeSteps(killable: Killable, chosen: (steps: string[]) => number[]): Promise<string[]> {
  const clean = await cleanRun(killable)
  const indexes = chosen(clean.steps)
  expect(indexes).not.toEqual([])
  for (const index of indexes) {
    const space = await killable.setUp()
    const { signal, stderr } = await endOf(start(killable, space, { KILL_BEFORE: String(index + 1) }))
    expect([clean.steps[index], signal, stderr]).toEqual([clean.steps[index], 'SIGKILL', ''])
    expect(await space.run(['audit', '--deep'])).toMatchObject({ exitCode: 0 })
    const { exitCode, stderr: said } = await space.run(killable.args, killable.env)
    expect(exitCode, said).toBe(0)
    await expectLikeClean(killable, space, clean)
  }
  return indexes.map((index) => clean.steps[index] ?? '')
}

async function cleanRun(killable: Killable): Promise<CleanRun> {
  const space = await killable.setUp()
  const stepsFile = join(space.folder, 'steps')
  const elapsedMs = await runToEnd(killable, space, { STEPS_FILE: stepsFile })
  const steps = readFileSync(stepsFile, 'utf8').trimEnd().split('\n')
  const content = await killable.contentOf(space)
  rmSync(space.folder, { recursive: true })
  return { content, elapsedMs, steps }
}

async function isKilled(child: ChildProcess, afterMs: number): Promise<boolean> {
  const ended = endOf(child)
  const waiting = new AbortController()
  void ended.then(() => waiting.abort())
  await setTimeout(afterMs, undefined, { signal: waiting.signal }).catch(() => {})
  child.kill('SIGKILL')
  const run = await ended
  if (run.signal === 'SIGKILL') return true
  expectGoodEnd(run)
  return false
}

async function runToEnd(killable: Killable, space: Workspace, env?: Record<string, string>): Promise<number> {
  const startedMs = performance.now()
  expectGoodEnd(await endOf(start(killable, space, env)))
  return performance.now() - startedMs
}

function expectGoodEnd({ code, signal, stderr }: Ended): void {
  expect([code, signal], stderr).toEqual([0, null])
}

async function expectLikeClean(killable: Killable, space: Workspace, clean: CleanRun): Promise<void> {
  expect(await killable.contentOf(space)).toEqual(clean.content)
  rmSync(space.folder, { recursive: true })
}

function start({ cli, args, env }: Killable, { folder }: Workspace, hookEnv?: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['--import', HOOK, cli, ...args], {
    cwd: folder,
    env: { ...process.env, LOGDB_SERVER_ID: SERVER_ID, ...env, ...hookEnv },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
