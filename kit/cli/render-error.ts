import type { UserError } from '../user-error.ts'
import { type Colors, linesWithoutControls } from './terminal.ts'

/** The two lines that every program prints on stderr when it fails; the message may have several lines. */
export function renderError({ message, hint, code, exitCode }: UserError, colors: Colors): string {
  const text = linesWithoutControls(sentence(message))
  const next = linesWithoutControls(sentence(`Hint: ${hint}`))
  return `${colors.red('✖')} ${text}\n${next} ${colors.dim(`(${code}, exit code ${exitCode})`)}\n`
}

/** With a capital and a full stop; a text that ends in a list of lines or with a question stays as it is. */
function sentence(text: string): string {
  const capitalised = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.?:]$|\n/.test(text) ? capitalised : `${capitalised}.`
}
