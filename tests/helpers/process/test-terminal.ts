import type { Terminal } from '../../../kit/cli/terminal.ts'

/** A terminal that keeps what is printed. */
export interface TestTerminal extends Terminal {
  stdout: string
  stderr: string
}

export function testTerminal(more: Partial<Terminal> = {}): TestTerminal {
  const terminal: TestTerminal = {
    stdout: '',
    stderr: '',
    out: (text) => {
      terminal.stdout += text
    },
    err: (text) => {
      terminal.stderr += text
    },
    isInTty: false,
    isOutTty: false,
    isErrTty: false,
    errColumns: undefined,
    readIn: async () => Buffer.alloc(0),
    cwd: process.cwd(),
    env: {},
    signal: new AbortController().signal,
    ...more,
  }
  return terminal
}
