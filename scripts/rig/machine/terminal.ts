import { processTerminal } from '../../../kit/cli/process-terminal.ts'

/** The terminal of this process. The rig has a process to itself, so all of its code can share this one. */
export const terminal = processTerminal(process)
