#!/usr/bin/env node
import { constants } from 'node:os'
import { hasErrorCode } from '../kit/user-error.ts'
import { main } from './main.ts'

const SIGNAL_EXIT_BASE = 128

const stopping = new AbortController()
let stoppedBy: 'SIGINT' | 'SIGTERM' | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stoppedBy = signal
    stopping.abort()
  })
}

process.stdout.on('error', (error) => {
  if (hasErrorCode(error, 'EPIPE')) process.exit() // the reader, say `head`, has enough
  throw error
})

const exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isOutTTY: process.stdout.isTTY === true,
  isErrTTY: process.stderr.isTTY === true,
  cwd: process.cwd(),
  env: process.env,
  signal: stopping.signal,
})
process.exitCode = stoppedBy ? SIGNAL_EXIT_BASE + constants.signals[stoppedBy] : exitCode
