import { errorMessage, type UserError } from '../../kit/user-error.ts'
import { isCutOff } from '../errors.ts'
import type { Undo } from '../steps/definition.ts'

/** What must be taken back if a plan fails. Each undo is pushed before its effect. */
export class UndoStack {
  readonly #undos: Undo[] = []
  #isSettled = false
  #cutOff: UserError | undefined

  push(undo: Undo): void {
    this.#undos.push(undo)
  }

  /** True when the change stands and is not taken back any more. */
  get isSettled(): boolean {
    return this.#isSettled
  }

  get isEmpty(): boolean {
    return this.#undos.length === 0
  }

  /** From here on nothing of what was pushed is taken back. */
  settle(): void {
    this.#undos.length = 0
    this.#isSettled = true
  }

  /** Why no command can be run any more, if `run` has found that out. */
  get cutOff(): UserError | undefined {
    return this.#cutOff
  }

  /**
   * Undoes all, last first, and returns what could not be undone. Where no command can be run any more the rest stays in
   * the stack.
   */
  async run(): Promise<string[]> {
    const failures: string[] = []
    for (let undo = this.#undos.pop(); undo; undo = this.#undos.pop()) {
      try {
        await undo.action()
      } catch (error) {
        if (isCutOff(error)) {
          this.#undos.push(undo)
          this.#cutOff = error
          break
        }
        failures.push(`could not ${undo.what}: ${errorMessage(error)}`)
        if (undo.guardsEarlier) break
      }
    }
    return failures
  }
}
