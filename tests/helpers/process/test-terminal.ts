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
    untilOutIsRead: async () => {},
    err: (text) => {
      terminal.stderr += text
    },
    isInTty: false,
    isOutTty: false,
    isErrTty: false,
    outColumns: undefined,
    errColumns: undefined,
    raw: () => {
      throw new Error('there is no terminal')
    },
    page: (text) => terminal.out(text),
    readIn: async () => Buffer.alloc(0),
    cwd: process.cwd(),
    env: {},
    signal: new AbortController().signal,
    ...more,
  }
  return terminal
}
