import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { constants } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { stripVTControlCharacters as withoutColors } from 'node:util'
import { createColors } from 'picocolors'
import { hasErrorCode, UserError } from '../user-error.ts'
import { showInPager } from './pager.ts'
import { rawTerminal } from './raw-terminal.ts'
import { renderError } from './render-error.ts'
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
  /** Says how the process ends if there is no space left for its output. */
  endOnFullDisk(error: { code: string; exitCode: number }): void
}

/**
 * The terminal of this process. The first SIGINT, SIGTERM or SIGHUP aborts `signal` once that has been read; before that,
 * and for every later one, the signal ends the process at once, also while SQLite is busy. Output that nobody can read any
 * more does the same, but never ends a process that is stopping already. Output that cannot be written ends it with an error.
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
  return {
    endOnFullDisk: stopWhenUnread(current, () => stopping),
    ...writersOf(current),
    ...kindsOf(current),
    get outColumns() {
      return current.stdout.columns
    },
    get errColumns() {
      return current.stderr.columns
    },
    raw: () => rawTerminal(current),
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

function kindsOf(current: NodeJS.Process): Pick<Terminal, 'isInTty' | 'isOutTty' | 'isErrTty'> {
  return {
    isInTty: current.stdin.isTTY === true,
    isOutTty: isTerminal(current, current.stdout),
    isErrTty: isTerminal(current, current.stderr),
  }
}

/** Something that moves no cursor, like the shell of an editor, is not a terminal. */
function isTerminal({ env }: NodeJS.Process, stream: { isTTY?: boolean }): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb'
}

function writersOf({ stdout, stderr, env }: NodeJS.Process): Pick<Terminal, 'out' | 'untilOutIsRead' | 'err' | 'page'> {
  return {
    out: (text) => stdout.write(text),
    untilOutIsRead: async () => {
      // The event of an error comes only then.
      if (stdout.errored) await setImmediate()
      else if (stdout.writableNeedDrain) await once(stdout, 'drain')
    },
    err: (text) => stderr.write(text),
    page: (text) => {
      if (isOnOneScreen(text, stdout) || !showInPager(text, env)) stdout.write(text)
    },
  }
}

/** True if the text, and the line of the prompt below it, fits on the screen. */
function isOnOneScreen(text: string, { columns, rows }: NodeJS.WriteStream): boolean {
  const lines = text.split('\n')
  const shown = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(withoutColors(line).length / columns)), 0)
  return shown <= rows
}

/** A reader such as `head` that has read enough, and a terminal that was closed. */
const UNREAD = ['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED']

const NO_SPACE = ['ENOSPC', 'EDQUOT', 'EFBIG']
const FULL_DISK = { code: 'FILE_ERROR', exitCode: 1 }

/**
 * Ends quietly when nobody reads the output any more; a command that handles signals is stopped as by one.
 * @returns sets how it ends if there is no space left for the output
 */
function stopWhenUnread(
  current: NodeJS.Process,
  stopping: () => AbortController | undefined,
): ProcessTerminal['endOnFullDisk'] {
  let fullDisk = FULL_DISK
  for (const stream of [current.stdout, current.stderr]) {
    stream.on('error', (error) => {
      if (!UNREAD.some((code) => hasErrorCode(error, code))) endUnwritable(current, error, fullDisk)
      const controller = stopping()
      if (controller === undefined) current.exit()
      else controller.abort()
    })
  }
  return (error) => {
    fullDisk = error
  }
}

function endUnwritable(current: NodeJS.Process, error: Error, fullDisk: typeof FULL_DISK): void {
  const { code, exitCode } = NO_SPACE.some((one) => hasErrorCode(error, one)) ? fullDisk : FULL_DISK
  const hint = 'free some space, or write to another place, and run the command again'
  const shown = new UserError(code, `the output cannot be written: ${error.message}`, { hint, exitCode })
  try {
    writeSync(current.stderr.fd, renderError(shown, createColors(false)))
  } catch {
    // stderr is full too
  }
  current.exit(exitCode)
}
