import { execFileSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { runSteps, type Step } from '../../../deploy/session/run-steps.ts'
import { packageRoot } from '../../../kit/package-root.ts'
import { testTerminal } from '../../helpers/process/test-terminal.ts'

/** A clock that advances by 1.26 seconds at each look. */
function clock(): () => number {
  let now = 0
  return () => {
    now += 1260
    return now
  }
}

const step = (title: string, run: Step['run'] = async () => `${title} is done`): Step => ({ title, run })

test('without a terminal each step is a line before and a line after, in order', async () => {
  const terminal = testTerminal()
  const steps = [step('One'), step('Two', async () => 'Done')]
  expect(await runSteps(steps, terminal, clock())).toEqual([
    { step: 'One', ms: 1260 },
    { step: 'Two', ms: 1260 },
  ])
  expect(terminal.stderr).toBe('==> One\n    One is done (2.5 s)\n==> Two\n    Done (2.5 s)\n')
})

test('a step begins only when the previous one has ended', async () => {
  const log: string[] = []
  const slow = (name: string) =>
    step(name, async () => {
      log.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`${name} ends`)
      return name
    })
  await runSteps([slow('a'), slow('b')], testTerminal())
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})

describe('a step that begins with the previous one', () => {
  const together = (log: string[], build: () => Promise<string>): Step[] => [
    step('Build', async () => {
      log.push('build begins')
      return build()
    }),
    {
      ...step('Edge', async () => {
        log.push('edge begins')
        await new Promise((resolve) => setImmediate(resolve))
        log.push('edge ends')
        return 'Started'
      }),
      isWithPrevious: true,
    },
    step('Release', async () => `after ${log.join(', ')}`),
  ]

  test('is shown in its turn', async () => {
    const terminal = testTerminal()
    await runSteps(
      together([], () => delay(20, 'Built')),
      terminal,
      () => 0,
    )
    expect(terminal.stderr.replaceAll(' (0.0 s)', '').split('\n')).toEqual([
      ...['==> Build', '    Built', '==> Edge', '    Started'],
      ...['==> Release', '    after build begins, edge begins, edge ends', ''],
    ])
  })

  test('has ended when the failure of the previous one ends the run', async () => {
    const log: string[] = []
    const steps = together(log, () => Promise.reject(new Error('broken')))
    await expect(runSteps(steps, testTerminal())).rejects.toThrow('broken')
    expect(log).toEqual(['build begins', 'edge begins', 'edge ends'])
  })
})

describe('steps that run in order while the first of their group runs', () => {
  const group = (log: string[], first: () => Promise<string>): Step[] => [
    step('First', first),
    ...['second', 'third'].map((name) => ({
      ...step(name, async () => {
        log.push(`${name} begins`)
        await delay(5, '')
        log.push(`${name} ends`)
        return name
      }),
      isWithPrevious: true,
    })),
    step('Next', async () => `after ${log.join(', ')}`),
  ]

  test('have all ended when the next step begins', async () => {
    const terminal = testTerminal()
    const log: string[] = []
    const first = async () => {
      await delay(30, '')
      log.push('first ends')
      return 'First is done'
    }
    await runSteps(group(log, first), terminal, () => 0)
    const order = 'second begins, second ends, third begins, third ends, first ends'
    expect(terminal.stderr).toContain(`after ${order}`)
  })

  test('do not begin after the first one has failed', async () => {
    const log: string[] = []
    const first = () => delay(1, '').then(() => Promise.reject(new Error('broken')))
    await expect(runSteps(group(log, first), testTerminal())).rejects.toThrow('broken')
    expect(log).toEqual(['second begins', 'second ends'])
  })
})

test('the first step that fails ends the run with its error', async () => {
  const terminal = testTerminal()
  const failure = new Error('broken')
  const steps = [step('One'), step('Two', () => Promise.reject(failure)), step('Three')]
  await expect(runSteps(steps, terminal, clock())).rejects.toBe(failure)
  expect(terminal.stderr).toBe('==> One\n    One is done (2.5 s)\n==> Two\n')
})

test('on a terminal the same error comes out, the interrupt stays ours, and stdout is left to data', () => {
  const script = `
    import { runSteps } from './deploy/session/run-steps.ts'
    const failure = new Error('broken')
    const before = process.listenerCount('SIGINT')
    let during
    const steps = [
      { title: 'One', run: async () => 'One is done' },
      { title: 'Two', run: async () => { during = process.listenerCount('SIGINT'); throw failure } },
      { title: 'Three', run: async () => { console.log('Three must not run') } },
    ]
    const error = await runSteps(steps, { out() {}, err() {}, isInTty: true, isErrTty: true }).catch((reason) => reason)
    console.log(JSON.stringify({ same: error === failure, listeners: during - before }))`
  const stdout = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: packageRoot(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  expect(stdout).toBe('{"same":true,"listeners":0}\n')
})

test('a long step shows every 15 seconds how long it has run and what it does', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const terminal = testTerminal()
  const build = step('Build', async (report) => {
    vi.advanceTimersByTime(16_000)
    report('RUN npm ci')
    vi.advanceTimersByTime(15_000)
    return 'Built'
  })
  await runSteps([build], terminal, clock())
  expect(terminal.stderr).toBe('==> Build\n    ... 15 s\n    ... 30 s: RUN npm ci\n    Built (2.5 s)\n')
  vi.advanceTimersByTime(60_000)
  expect(terminal.stderr).toMatch(/Built \(2\.5 s\)\n$/)
})
