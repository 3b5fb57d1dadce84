import type { Terminal } from '../../../kit/cli/terminal.ts'

export interface RecordedTerminal extends Terminal {
  /** Everything that was written: stdout with `out: ` in front. */
  written(): string
}

/** A process without a terminal, whose output is recorded. */
export function recordedTerminal(signal: AbortSignal = new AbortController().signal): RecordedTerminal {
  let text = ''
  return {
    out: (chunk) => {
      text += `out: ${chunk}`
    },
    err: (chunk) => {
      text += chunk
    },
    isInTty: false,
    isOutTty: false,
    isErrTty: false,
    errColumns: undefined,
    cwd: '/nowhere',
    env: {},
    signal,
    written: () => text,
  }
}
