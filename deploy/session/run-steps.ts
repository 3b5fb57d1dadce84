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

async function runPlain(steps: Step[], timed: RunTimed, terminal: Terminal): Promise<void> {
  for (const step of steps) {
    terminal.err(`==> ${step.title}\n`)
    terminal.err(`    ${await timed(step, () => {})}\n`)
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
      // Used when only stdout is not a terminal; it would write there otherwise.
      fallbackRendererOptions: { logger },
    },
  )
  await list.run()
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
