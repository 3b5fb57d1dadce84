import { $ } from 'zx'
import { UserError } from '../../../kit/user-error.ts'

const SHOWN_LINES = 15

export interface RunOptions {
  cwd?: string
  env?: Record<string, string>
  input?: string
  timeoutMs?: number
}

/** Runs one command to its end and returns what it printed on stdout. @throws UserError with the end of its output. */
export async function run(argv: string[], options: RunOptions = {}): Promise<string> {
  const result = await attempt(argv, options)
  if (result.ok) return result.stdout
  throw new UserError('RIG_COMMAND_FAILED', `This command failed: ${argv.join(' ')}\n${result.ending}`, {
    hint: 'Read its output above; "npm run rig -- up" goes on where it stopped.',
  })
}

/** Like run, for commands whose failure is an answer. */
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
