import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const IN_TERMINAL = fileURLToPath(import.meta.resolve('./in-terminal.py'))
const COLUMNS = '200'
const TIME_LIMIT_MS = 60_000

/** What is typed as soon as a text is shown. */
export type Answers = [shown: string, typed: string][]

/** Runs a command in a terminal with 24 lines, while this process keeps running. Needs python3. */
export async function inTerminal(
  answers: Answers,
  command: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Promise<{ shown: string; exitCode: number }> {
  // Without the packages of the site it starts in half the time.
  const args = ['-S', IN_TERMINAL, COLUMNS, JSON.stringify(answers), ...command]
  const { stdout } = await promisify(execFile)('python3', args, {
    ...{ cwd, env: { ...process.env, TERM: 'xterm', NO_COLOR: '1', ...env }, timeout: TIME_LIMIT_MS },
  })
  return JSON.parse(stdout)
}
