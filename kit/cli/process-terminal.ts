import { constants } from 'node:os'
import { hasErrorCode } from '../user-error.ts'
import type { Terminal } from './terminal.ts'

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
type StopSignal = (typeof STOP_SIGNALS)[number]

const SIGNAL_EXIT_BASE = 128

/** The terminal of a process, and what became of the signals that it got. */
export interface ProcessTerminal extends Terminal {
  /** True once a command has read `signal`: from then on it decides what a first signal does. */
  readonly isSignalRead: boolean
  /** 129, 130 or 143 if a signal stopped the command, else undefined. */
  readonly signalExitCode: number | undefined
}

/**
 * The terminal of this process. The first SIGINT, SIGTERM or SIGHUP aborts `signal` once that has been read; before that,
 * and for every later one, the signal ends the process at once, also while SQLite is busy. Output that nobody can read any
 * more does the same, but never ends a process that is stopping already.
 */
export function processTerminal(current: NodeJS.Process): ProcessTerminal {
  let stopping: AbortController | undefined
  let stoppedBy: StopSignal | undefined
  const listen = () => {
    const controller = new AbortController()
    for (const name of STOP_SIGNALS) {
      current.once(name, () => {
        stoppedBy = name
        controller.abort()
      })
    }
    return controller
  }
  stopWhenUnread(current, () => stopping)
  return {
    out: (text) => current.stdout.write(text),
    err: (text) => current.stderr.write(text),
    isInTty: current.stdin.isTTY === true,
    isOutTty: isTerminal(current, current.stdout),
    isErrTty: isTerminal(current, current.stderr),
    get errColumns() {
      return current.stderr.columns
    },
    readIn: () => readAll(current.stdin),
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

async function readAll(stream: NodeJS.ReadStream): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Something that moves no cursor, like the shell of an editor, is not a terminal. */
function isTerminal({ env }: NodeJS.Process, stream: { isTTY?: boolean }): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

/** A reader such as `head` that has read enough, and a terminal that was closed. */
const UNREAD = ['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED']

/** Ends quietly when nobody reads the output any more; a command that handles signals is stopped as by one. */
function stopWhenUnread(current: NodeJS.Process, stopping: () => AbortController | undefined): void {
  for (const stream of [current.stdout, current.stderr]) {
    stream.on('error', (error) => {
      if (!UNREAD.some((code) => hasErrorCode(error, code))) throw error
      const controller = stopping()
      if (controller === undefined) current.exit()
      else controller.abort()
    })
  }
}
