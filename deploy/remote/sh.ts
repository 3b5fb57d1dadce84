import type { Argv } from '../host/argv.ts'

/** Runs a POSIX shell script with arguments, which it sees as "$1", "$2" and so on. */
export function sh(script: string, ...args: string[]): Argv {
  return ['sh', '-c', script, 'sh', ...args]
}
