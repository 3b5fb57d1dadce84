#!/usr/bin/env node
import { processTerminal } from '../kit/cli/process-terminal.ts'
import { main } from './main.ts'

// logdb's files hold the text of every conversation, so other users cannot read them, as with the request logs (0640). A
// stricter umask stays in force.
const CLOSED_TO_OTHERS = 0o027
process.umask(process.umask(CLOSED_TO_OTHERS) | CLOSED_TO_OTHERS)

const terminal = processTerminal(process)
const exitCode = await main(process.argv.slice(2), terminal)
process.exitCode = terminal.signalExitCode ?? exitCode
