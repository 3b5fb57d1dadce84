import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { Io } from '../../../deploy/session/io.ts'
import { runSteps, type Step } from '../../../deploy/session/run-steps.ts'
import { packageRoot } from '../../../kit/package-root.ts'

function recorder(): { io: Io; lines: string[] } {
  const lines: string[] = []
  const io = {
    out: (line: string) => lines.push(`out: ${line}`),
    err: (line: string) => lines.push(line),
    isTty: false,
  }
  return { io, lines }
}

/** A clock that goes on by 1.26 seconds at each look. */
function clock(): () => number {
  let now = 0
  return () => {
    now += 1260
    return now
  }
}

const step = (title: string, run: Step['run'] = async () => `${title} is done`, enabled = true): Step => ({
  title,
  enabled,
  run,
})

test('without a terminal each step is a line before and a line after, in order', async () => {
  const { io, lines } = recorder()
  const steps = [step('One'), step('Two', undefined, false), step('Three', async () => 'Done')]
  expect(await runSteps(steps, io, clock())).toEqual([
    { step: 'One', ms: 1260 },
    { step: 'Three', ms: 1260 },
  ])
  expect(lines).toEqual(['==> One', '    One is done (2.5 s)', '==> Three', '    Done (2.5 s)'])
})

test('a step begins only when the one before has ended', async () => {
  const { io } = recorder()
  const log: string[] = []
  const slow = (name: string) =>
    step(name, async () => {
      log.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`${name} ends`)
      return name
    })
  await runSteps([slow('a'), slow('b')], io)
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})

test('the first step that fails ends the run with its error', async () => {
  const { io, lines } = recorder()
  const failure = new Error('broken')
  const steps = [step('One'), step('Two', () => Promise.reject(failure)), step('Three')]
  await expect(runSteps(steps, io, clock())).rejects.toBe(failure)
  expect(lines).toEqual(['==> One', '    One is done (2.5 s)', '==> Two'])
})

test('on a terminal the same error comes out, the interrupt stays ours, and stdout is left to data', () => {
  const script = `
    import { runSteps } from './deploy/session/run-steps.ts'
    const failure = new Error('broken')
    const before = process.listenerCount('SIGINT')
    let during
    const steps = [
      { title: 'One', enabled: true, run: async () => 'One is done' },
      { title: 'Two', enabled: true, run: async () => { during = process.listenerCount('SIGINT'); throw failure } },
      { title: 'Three', enabled: true, run: async () => { console.log('Three must not run') } },
    ]
    const error = await runSteps(steps, { out() {}, err() {}, isTty: true }).catch((reason) => reason)
    console.log(JSON.stringify({ same: error === failure, listeners: during - before }))`
  const stdout = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: packageRoot(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  expect(stdout).toBe('{"same":true,"listeners":0}\n')
})
