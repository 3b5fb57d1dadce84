import type { Duplex, Readable } from 'node:stream'
import type { RawTerminal } from '../../kit/cli/raw-terminal.ts'
import { UserError } from '../../kit/user-error.ts'
import { DEPLOY_ERRORS } from '../errors.ts'
import type { Argv } from './argv.ts'

export interface ExecOptions {
  stdin?: string | Buffer | Readable
  /** Each line of stdout and stderr as it comes. */
  onLine?: (line: string) => void
  /** What it prints, as it comes. */
  onOutput?: (chunk: Buffer, from: 'stdout' | 'stderr') => void
  signal?: AbortSignal | undefined
  /** It runs in this terminal: nothing of what it prints is in the result, and sudo asks for its password there. */
  terminal?: RawTerminal | undefined
}

export interface ExecResult {
  exitCode: number
  stdout: string
  stderr: string
}

/** A command that keeps running until it is ended; it ends with the connection. */
export interface RemoteProcess {
  stdout: Readable
  /** On its stdin; without effect once it has ended. */
  write(text: string): void
  end(): void
}

export interface ConnectionCounts {
  connections: number
  channels: number
}

/** The server: everything that is done there goes through this. */
export interface Host {
  /** As the user named it. */
  readonly name: string
  /** The address that was dialled; null behind a jump host, and where nothing was dialled. */
  readonly address: string | null
  readonly counts: ConnectionCounts
  /** Runs a command as root. A non-zero exit code is a result; only a lost connection throws. */
  exec(argv: Argv, options?: ExecOptions): Promise<ExecResult>
  /** Starts a command as root and leaves it running. */
  start(argv: Argv): Promise<RemoteProcess>
  /**
   * A connection to a port of the server's own loopback, or of an address that the server can reach. A lost connection to the
   * server throws, as with `exec`.
   */
  connect(port: number, address?: string): Promise<Duplex>
  close(): Promise<void>
}

/** The command did not succeed; `what` completes "cannot ...". */
export class CommandFailed extends UserError {
  constructor(what: string, result: ExecResult) {
    const said = lastLines(result.stderr) || lastLines(result.stdout)
    super('COMMAND_FAILED', `cannot ${what}: ${said || `exit code ${result.exitCode}`}`, {
      hint: 'when the cause is gone, run again',
      exitCode: DEPLOY_ERRORS.COMMAND_FAILED.exitCode,
    })
  }
}

/** Runs a command that must succeed and returns its stdout. @throws CommandFailed */
export async function run(host: Host, what: string, argv: Argv, options?: ExecOptions): Promise<string> {
  const result = await host.exec(argv, options)
  if (result.exitCode !== 0) throw new CommandFailed(what, result)
  return result.stdout
}

const LINES_SHOWN = 5

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-LINES_SHOWN).join('\n').trim()
}
