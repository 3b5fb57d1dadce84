#!/usr/bin/env node
import { processTerminal } from '../kit/cli/process-terminal.ts'
import { typedName } from './command-line/typed-name.ts'
import { LOGDB_ERRORS } from './error-table.ts'
import { main } from './main.ts'

// logdb's files hold the text of every conversation, so other users cannot read them, as with the request logs (0640). A
// stricter umask stays in force.
const CLOSED_TO_OTHERS = 0o027
process.umask(process.umask(CLOSED_TO_OTHERS) | CLOSED_TO_OTHERS)

const terminal = processTerminal(process)
terminal.endOnFullDisk({ code: 'DISK_FULL', exitCode: LOGDB_ERRORS.DISK_FULL.exitCode })
const name = typedName(process.argv[1] ?? 'logdb', terminal.env, terminal.cwd)
const exitCode = await main(process.argv.slice(2), terminal, name)
process.exitCode = terminal.signalExitCode ?? exitCode
