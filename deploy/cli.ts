#!/usr/bin/env node
import { type ProcessTerminal, processTerminal } from '../kit/cli/process-terminal.ts'
import { DEPLOY_ERRORS } from './errors.ts'
import { invocation } from './local/invocation.ts'
import { main, PROGRAM } from './main.ts'

/**
 * While the server is being changed, the first interrupt undoes what was begun; any other ends at once. A terminal that
 * closes may interrupt more than once.
 */
function handleInterrupts(terminal: ProcessTerminal): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const isUndoing = terminal.isSignalRead && terminal.signal.aborted
      hasHungUp ||= signal === 'SIGHUP'
      if (isUndoing && signal === 'SIGHUP') return
      if (!terminal.isSignalRead || isUndoing) end(DEPLOY_ERRORS.INTERRUPTED.exitCode)
      terminal.err(
        'Interrupted: undoing what was begun, unless the new release took over. Press Ctrl-C again to end at once.\n',
      )
    })
  }
}

/** After SIGHUP as by that signal (129): Node 20 crashes when it exits by itself and its terminal is gone. */
function end(exitCode: number): never {
  if (hasHungUp) {
    process.removeAllListeners('SIGHUP')
    process.kill(process.pid, 'SIGHUP')
  }
  process.exit(exitCode)
}

let hasHungUp = false
const terminal = processTerminal(process)
handleInterrupts(terminal)
const program = invocation(process.argv[1] ?? PROGRAM, terminal.env, terminal.cwd)
end(await main(process.argv.slice(2), { terminal, program }))
