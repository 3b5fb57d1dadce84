import type { Terminal } from '../../kit/cli/terminal.ts'
import type { Options } from '../local/options.ts'

/** What a command works with. */
export interface Context {
  options: Options
  terminal: Terminal
  now: Date
  /** How the user calls this program, for example `npx ai-deploy`. */
  program?: string
}
