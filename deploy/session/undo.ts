import { errorMessage } from '../../kit/user-error.ts'

interface UndoStep {
  /** Completes "could not ...". */
  what: string
  action: () => Promise<void>
  /** When this cannot be undone, what was pushed before it may still be needed and stays. */
  guardsEarlier: boolean
}

/** What must be taken back when something fails. Each step is pushed before its effect, so it must be safe to run in vain. */
export class UndoStack {
  readonly #steps: UndoStep[] = []
  #isSettled = false

  push(what: string, action: () => Promise<void>, { guardsEarlier = false } = {}): void {
    this.#steps.push({ what, action, guardsEarlier })
  }

  /** True when it was cleared: the change stands. */
  get isSettled(): boolean {
    return this.#isSettled
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0
  }

  /** From here on nothing is taken back. */
  clear(): void {
    this.#steps.length = 0
    this.#isSettled = true
  }

  /** Runs all steps, last first, and returns what could not be undone. */
  async run(): Promise<string[]> {
    const failures: string[] = []
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.action()
      } catch (error) {
        failures.push(`could not ${step.what}: ${errorMessage(error)}`)
        if (step.guardsEarlier) break
      }
    }
    return failures
  }
}
