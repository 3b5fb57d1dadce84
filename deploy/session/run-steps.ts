import { Listr, ListrLogger, ProcessOutput } from 'listr2'
import { canAsk, type Terminal } from '../../kit/cli/terminal.ts'

export interface Step {
  title: string
  /**
   * @param report shows a line of output
   * @returns what was done, shown instead of the title
   */
  run(report: (line: string) => void): Promise<string>
}

export interface StepTime {
  step: string
  ms: number
}

/**
 * Runs steps one after another: live on a terminal, a plain line each elsewhere. The first that fails ends the run with
 * its error; the caller must undo what has to be undone.
 */
export async function runSteps(
  steps: Step[],
  terminal: Terminal,
  now: () => number = performance.now.bind(performance),
): Promise<StepTime[]> {
  const times: StepTime[] = []
  const timed = async (step: Step, report: (line: string) => void): Promise<string> => {
    const start = now()
    const done = await step.run(report)
    times.push({ step: step.title, ms: Math.round(now() - start) })
    return `${done} (${seconds(now() - start)})`
  }
  if (canAsk(terminal)) await runLive(steps, timed)
  else await runPlain(steps, timed, terminal)
  return times
}

type RunTimed = (step: Step, report: (line: string) => void) => Promise<string>

/** In a log that nobody watches closely, a sign of life this often is enough. */
const PLAIN_SIGN_MS = 15_000
const LIVE_SIGN_MS = 1000

async function runPlain(steps: Step[], timed: RunTimed, terminal: Terminal): Promise<void> {
  for (const step of steps) {
    terminal.err(`==> ${step.title}\n`)
    let last = ''
    const sign = (elapsedMs: number) => terminal.err(`    ... ${seconds(elapsedMs, 0)}${last && `: ${last}`}\n`)
    const report = (line: string) => {
      last = line
    }
    terminal.err(`    ${await withSigns(PLAIN_SIGN_MS, sign, () => timed(step, report))}\n`)
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

async function runLive(steps: Step[], timed: RunTimed): Promise<void> {
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
        task.title = await withSigns(LIVE_SIGN_MS, sign, () => timed(step, report))
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
