import { Listr, ListrLogger, ProcessOutput } from 'listr2'
import type { Io } from './io.ts'

export interface Step {
  title: string
  /** Left out unless true. */
  enabled: boolean
  /**
   * @param report shows a line of what is going on
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
 * its error; what must be undone is the caller's business.
 */
export async function runSteps(
  steps: Step[],
  io: Io,
  now: () => number = performance.now.bind(performance),
): Promise<StepTime[]> {
  const times: StepTime[] = []
  const timed = async (step: Step, report: (line: string) => void): Promise<string> => {
    const start = now()
    const done = await step.run(report)
    times.push({ step: step.title, ms: Math.round(now() - start) })
    return `${done} (${seconds(now() - start)})`
  }
  const wanted = steps.filter(({ enabled }) => enabled)
  if (io.isTty) await runLive(wanted, timed)
  else await runPlain(wanted, timed, io)
  return times
}

type RunTimed = (step: Step, report: (line: string) => void) => Promise<string>

async function runPlain(steps: Step[], timed: RunTimed, io: Io): Promise<void> {
  for (const step of steps) {
    io.err(`==> ${step.title}`)
    io.err(`    ${await timed(step, () => {})}`)
  }
}

async function runLive(steps: Step[], timed: RunTimed): Promise<void> {
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) })
  const list = new Listr(
    steps.map((step) => ({
      title: step.title,
      task: async (_context, task) => {
        task.title = await timed(step, (line) => {
          task.output = line
        })
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
      // Taken when only stdout is no terminal, and would write there too.
      fallbackRendererOptions: { logger },
    },
  )
  await list.run()
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
