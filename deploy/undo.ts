import { errorMessage } from '../kit/user-error.ts'

interface UndoStep {
  /** Completes "could not ...". */
  what: string
  action: () => Promise<void>
}

/** What must be taken back when something fails. Each step is pushed before its effect, so it must be safe to run in vain. */
export class UndoStack {
  readonly #steps: UndoStep[] = []

  push(what: string, action: () => Promise<void>): void {
    this.#steps.push({ what, action })
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0
  }

  /** From here on nothing is taken back. */
  clear(): void {
    this.#steps.length = 0
  }

  /** Runs all steps, last first, and returns what could not be undone. */
  async run(): Promise<string[]> {
    const failures: string[] = []
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.action()
      } catch (error) {
        failures.push(`could not ${step.what}: ${errorMessage(error)}`)
      }
    }
    return failures
  }
}
