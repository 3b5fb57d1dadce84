import { execFile } from 'node:child_process'
import { main, PROGRAM } from '../../../deploy/main.ts'
import { compiledDeploy } from './compiled-package.ts'
import { testTerminal } from './test-terminal.ts'

export interface CliResult {
  exitCode: number
  stdout: string
  stderr: string
}

export interface CliOptions {
  cwd: string
  /** In addition to PATH and HOME, the only variables that it inherits. */
  env?: Record<string, string>
  /** User to run as, for root. */
  uid?: number | undefined
}

const TIME_LIMIT_MS = 25_000

/** Runs ai-deploy in a separate process, without a terminal. */
export function runCli(args: string[], { cwd, env = {}, uid }: CliOptions): Promise<CliResult> {
  const { PATH = '', HOME = cwd } = process.env
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [compiledDeploy(), ...args],
      { cwd, env: { PATH, HOME, NO_COLOR: '1', ...env }, timeout: TIME_LIMIT_MS, uid },
      (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : (child.exitCode ?? 128), stdout, stderr })
      },
    )
    child.stdin?.end()
  })
}

/**
 * Runs ai-deploy in this process, which takes a tenth of the time: for tests that are not about the process. The programs
 * that it starts have the environment of the tests.
 */
export async function runMain(args: string[], { cwd, env = {} }: Omit<CliOptions, 'uid'>): Promise<CliResult> {
  const { HOME = cwd } = process.env
  const terminal = testTerminal({ cwd, env: { HOME, NO_COLOR: '1', ...env } })
  const exitCode = await main(args, { terminal, program: PROGRAM })
  return { exitCode, stdout: terminal.stdout, stderr: terminal.stderr }
}
