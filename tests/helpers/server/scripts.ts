import { execFileSync } from 'node:child_process'
import { expect } from 'vitest'
import type { Argv } from '../../../deploy/host/argv.ts'

/** The command runs exactly this script with these arguments, and a shell can read it. */
export function expectShell(argv: Argv, args: string[], lines: string[]): void {
  expect(argv).toEqual(['sh', '-c', lines.join('\n'), 'sh', ...args])
  expectReadable(argv)
}

/** The script of `sh -c SCRIPT sh ARG...` has no syntax error. */
export function expectReadable([, , script = '']: Argv): void {
  execFileSync('sh', ['-n', '-c', script], { stdio: 'pipe' })
}
