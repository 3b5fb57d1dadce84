import { Listr, ListrLogger, ProcessOutput } from 'listr2'
import { canAsk, type Terminal } from '../../kit/cli/terminal.ts'

export interface Step {
  title: string
  /**
   * @param report shows a line of output
   * @returns what was done, shown instead of the title
   */
  run(report: (line: string) => void): Promise<string>
  /** It belongs to the group of the previous step: all but the first of a group run in order while the first one runs. */
  isWithPrevious?: boolean
}

export interface StepTime {
  step: string
  ms: number
}

/**
 * Runs steps one after another, except those that begin together: live on a terminal, a plain line each elsewhere. The
 * first that fails ends the run with its error, when nothing runs any more; the caller must undo what has to be undone.
 */
export async function runSteps(
  steps: Step[],
  terminal: Terminal,
  now: () => number = performance.now.bind(performance),
): Promise<StepTime[]> {
  const times: StepTime[] = steps.map(({ title }) => ({ step: title, ms: 0 }))
  const timed = steps.map((step, index): Step => {
    const run = async (report: (line: string) => void) => {
      const start = now()
      const done = await step.run(report)
      times[index] = { step: step.title, ms: Math.round(now() - start) }
      return `${done} (${seconds(now() - start)})`
    }
    return { ...step, run }
  })
  if (canAsk(terminal)) await runLive(begunTogether(timed))
  else await runPlain(begunTogether(timed), terminal)
  return times
}

/** A step that was begun earlier, with the first of its group, is shown in its turn all the same. */
function begunTogether(steps: Step[]): Step[] {
  const begun: Promise<string>[] = []
  const runs = steps.map((step, index) => async (report: (line: string) => void) => {
    const result = begun[index]
    if (result !== undefined) return result
    const own = step.run(report)
    const others = beginInOrder(membersAfter(steps, index), own)
    others.forEach((other, offset) => {
      begun[index + 1 + offset] = other
    })
    try {
      return await own
    } catch (error) {
      await Promise.allSettled(others)
      throw error
    }
  })
  return steps.map(({ title }, index) => ({ title, run: runs[index] as Step['run'] }))
}

function membersAfter(steps: readonly Step[], first: number): Step[] {
  const end = steps.findIndex((step, index) => index > first && !step.isWithPrevious)
  return steps.slice(first + 1, end === -1 ? undefined : end)
}

/** None of them begins after one before it, or the first of the group, has failed. Each must be awaited by the caller. */
function beginInOrder(steps: readonly Step[], first: Promise<unknown>): Promise<string>[] {
  let hasFirstFailed = false
  first.catch(() => {
    hasFirstFailed = true
  })
  const begun: Promise<string>[] = []
  for (const step of steps) {
    const previous = begun.at(-1)
    const next = (async () => {
      await previous
      if (hasFirstFailed) throw await first.catch((error: unknown) => error)
      return step.run(() => {})
    })()
    next.catch(() => {})
    begun.push(next)
  }
  return begun
}

/** In a log that nobody watches closely, a sign of life this often is enough. */
const PLAIN_SIGN_MS = 15_000
const LIVE_SIGN_MS = 1000

async function runPlain(steps: Step[], terminal: Terminal): Promise<void> {
  for (const step of steps) {
    terminal.err(`==> ${step.title}\n`)
    let last = ''
    const sign = (elapsedMs: number) => terminal.err(`    ... ${seconds(elapsedMs, 0)}${last && `: ${last}`}\n`)
    const report = (line: string) => {
      last = line
    }
    terminal.err(`    ${await withSigns(PLAIN_SIGN_MS, sign, () => step.run(report))}\n`)
  }
}

/** @param sign is called at each interval, with the time since the start */
async function withSigns<T>(
  intervalMs: number,
  sign: (elapsedMs: number) => void,
  action: () => Promise<T>,
): Promise<T> {
  const start = performance.now()
  const timer = setInterval(() => sign(performance.now() - start), intervalMs)
  try {
    return await action()
  } finally {
    clearInterval(timer)
  }
}

async function runLive(steps: Step[]): Promise<void> {
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) })
  const list = new Listr(
    steps.map((step) => ({
      title: step.title,
      task: async (_context, task) => {
        const sign = (elapsedMs: number) => {
          task.title = `${step.title} (${seconds(elapsedMs, 0)})`
        }
        const report = (line: string) => {
          task.output = line
        }
        task.title = await withSigns(LIVE_SIGN_MS, sign, () => step.run(report))
      },
    })),
    {
      // Interrupts are ours: listr2 would end the process without undoing anything.
      registerSignalListeners: false,
      rendererOptions: {
        collapseErrors: false,
        showErrorMessage: false,
        logger,
      },
      // Used when only stdout is not a terminal; it would write there otherwise.
      fallbackRendererOptions: { logger },
    },
  )
  await list.run()
}

function seconds(ms: number, digits = 1): string {
  return `${(ms / 1000).toFixed(digits)} s`
}
