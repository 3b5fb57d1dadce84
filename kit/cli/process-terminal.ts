import { constants } from 'node:os'
import { hasErrorCode } from '../user-error.ts'
import type { Terminal } from './terminal.ts'

type StopSignal = 'SIGINT' | 'SIGTERM'

const SIGNAL_EXIT_BASE = 128

/** The terminal of a process, and what became of the signals that it got. */
export interface ProcessTerminal extends Terminal {
  /** True once a command has read `signal`: from then on it decides what a first signal does. */
  readonly isSignalRead: boolean
  /** 130 or 143 if a signal stopped the command, else undefined. */
  readonly signalExitCode: number | undefined
}

/**
 * The terminal of this process. The first SIGINT or SIGTERM aborts `signal` once that has been read; before that, and for
 * every later one, the signal ends the process at once, also while SQLite is busy.
 */
export function processTerminal(current: NodeJS.Process): ProcessTerminal {
  let stopping: AbortController | undefined
  let stoppedBy: StopSignal | undefined
  const listen = () => {
    const controller = new AbortController()
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      current.once(name, () => {
        stoppedBy = name
        controller.abort()
      })
    }
    return controller
  }
  endWhenUnread(current)
  return {
    out: (text) => current.stdout.write(text),
    err: (text) => current.stderr.write(text),
    isInTty: current.stdin.isTTY === true,
    isOutTty: isTerminal(current, current.stdout),
    isErrTty: isTerminal(current, current.stderr),
    get errColumns() {
      return current.stderr.columns
    },
    cwd: current.cwd(),
    env: current.env,
    get signal() {
      stopping ??= listen()
      return stopping.signal
    },
    get isSignalRead() {
      return stopping !== undefined
    },
    get signalExitCode() {
      return stoppedBy && SIGNAL_EXIT_BASE + constants.signals[stoppedBy]
    },
  }
}

/** Something that moves no cursor, like the shell of an editor, is not a terminal. */
function isTerminal({ env }: NodeJS.Process, stream: { isTTY?: boolean }): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

/** Ends quietly when the reader of the output, for example `head`, has read enough. */
function endWhenUnread(current: NodeJS.Process): void {
  for (const stream of [current.stdout, current.stderr]) {
    stream.on('error', (error) => {
      if (hasErrorCode(error, 'EPIPE')) current.exit()
      throw error
    })
  }
}
