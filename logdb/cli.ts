#!/usr/bin/env node
import { constants } from 'node:os'
import { hasErrorCode } from '../kit/user-error.ts'
import { main } from './main.ts'

const SIGNAL_EXIT_BASE = 128

// What logdb makes holds the text of every conversation: for others it is as closed as the request logs (0640). A umask
// that is stricter than this stays so.
const CLOSED_TO_OTHERS = 0o027
process.umask(process.umask(CLOSED_TO_OTHERS) | CLOSED_TO_OTHERS)

let stoppedBy: 'SIGINT' | 'SIGTERM' | undefined

/** Only for who asks for it, so that a signal ends anything else at once, also while SQLite is busy. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stoppedBy = signal
      stopping.abort()
    })
  }
  return stopping.signal
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (hasErrorCode(error, 'EPIPE')) process.exit() // the reader, say `head`, has enough
    throw error
  })
}

/** What moves no cursor, like the shell of an editor, counts as no terminal. */
const isTTY = (stream: { isTTY?: boolean }) => stream.isTTY === true && process.env['TERM'] !== 'dumb'

const exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isOutTTY: isTTY(process.stdout),
  isErrTTY: isTTY(process.stderr),
  get errColumns() {
    return process.stderr.columns
  },
  cwd: process.cwd(),
  env: process.env,
  get signal() {
    return stopSignal()
  },
})
process.exitCode = stoppedBy ? SIGNAL_EXIT_BASE + constants.signals[stoppedBy] : exitCode
