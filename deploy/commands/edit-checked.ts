import { canAsk } from '../../kit/cli/terminal.ts'
import { UserError } from '../../kit/user-error.ts'
import { editText } from '../local/editor.ts'
import type { Context } from '../session/context.ts'
import { questionsOn } from '../session/prompts.ts'

/**
 * Lets the user edit a text, again after a mistake for as long as they want.
 * @param name of the file, which tells editors what it holds
 * @param check throws a UserError for a text that is wrong
 */
export async function editChecked<T>(
  { terminal }: Context,
  before: { text: string; name: string },
  check: (text: string) => T,
): Promise<T> {
  let { text } = before
  for (;;) {
    text = await editText(text, before.name, terminal.env)
    try {
      return check(text)
    } catch (error) {
      if (!(error instanceof UserError) || !canAsk(terminal)) throw error
      terminal.err(`✖ ${error.message}\n`)
      if (!(await questionsOn(terminal).confirm('Edit it again?'))) throw error
    }
  }
}
