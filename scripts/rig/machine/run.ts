import { $ } from 'zx'
import { rigError } from '../errors.ts'

const SHOWN_LINES = 15

export interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  input?: string
  timeoutMs?: number
}

/**
 * Runs one command to its end.
 * @returns what it printed on stdout
 * @throws UserError RIG_COMMAND_FAILED with the end of its output
 */
export async function run(argv: string[], options: RunOptions = {}): Promise<string> {
  const result = await attempt(argv, options)
  if (result.ok) return result.stdout
  const message = `this command failed: ${argv.join(' ')}\n${result.ending}`
  throw rigError('RIG_COMMAND_FAILED', message, 'read its output above; "npm run rig -- up" resumes where it stopped')
}

/** The same for commands that may fail. `ending` holds the last lines of stderr, or of stdout if stderr is empty. */
export async function attempt(argv: string[], { cwd, env, input, timeoutMs }: RunOptions = {}) {
  const shell = $({
    nothrow: true,
    quiet: true,
    ...(cwd === undefined ? {} : { cwd }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    env: { ...process.env, ...env },
    input: input ?? '',
  })
  const { exitCode, stdout, stderr } = await shell`${argv}`
  return { ok: exitCode === 0, stdout, ending: lastLines(stderr || stdout) }
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n')
}
