import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import type { Argv } from './argv.ts'
import type { ConnectionCounts, ExecOptions, ExecResult, Host, RemoteProcess } from './host.ts'
import { asRoot, asRootInTerminal, type Privilege } from './privilege.ts'
import { endProgram, exitCodeOf, readOutput, startProgram, startWith, textSoFar } from './program.ts'

/** Exit code of a program that a signal ended, or that cannot be started. */
const FAILED = 1

/** Runs a command on this machine as this user. @throws when the program cannot be started */
export async function runLocally(argv: Argv): Promise<ExecResult> {
  const child = startProgram(argv)
  const [stdout, stderr] = [textSoFar(child.stdout), textSoFar(child.stderr)]
  const exitCode = (await exitCodeOf(child)) ?? FAILED
  return { exitCode, stdout: stdout(), stderr: stderr() }
}

/** A program that has our terminal, and sets it as it needs it. */
async function inThisTerminal(argv: Argv): Promise<ExecResult> {
  const exitCode = await exitCodeOf(startWith(argv, 'inherit')).catch(() => undefined)
  return { exitCode: exitCode ?? FAILED, stdout: '', stderr: '' }
}

/** A program of this machine whose stdin and stdout are a connection, as OpenSSH's ProxyCommand. */
export function openPipe(argv: Argv): Duplex {
  const child = startProgram(argv)
  child.stderr.resume()
  return Duplex.from({ readable: child.stdout, writable: child.stdin })
}

/** The server is this machine (`--host localhost`). */
export class LocalHost implements Host {
  readonly name = 'localhost'
  readonly address = null
  readonly counts: ConnectionCounts = { connections: 0, channels: 0 }
  readonly #privilege: Privilege

  constructor(privilege: Privilege) {
    this.#privilege = privilege
  }

  async exec(argv: Argv, { stdin = '', onLine, onOutput, signal, terminal }: ExecOptions = {}): Promise<ExecResult> {
    signal?.throwIfAborted()
    if (terminal) return inThisTerminal(asRootInTerminal(argv, this.#privilege))
    const child = this.#start(argv)
    const { stdout, stderr } = readOutput(child, { onLine, onOutput })
    const end = () => endProgram(child)
    signal?.addEventListener('abort', end, { once: true })
    if (typeof stdin === 'string' || Buffer.isBuffer(stdin)) child.stdin.end(stdin)
    else stdin.once('error', end).pipe(child.stdin)
    const exitCode = await exitCodeOf(child).catch(() => undefined)
    signal?.removeEventListener('abort', end)
    signal?.throwIfAborted()
    return { exitCode: exitCode ?? FAILED, stdout: stdout(), stderr: stderr() }
  }

  async start(argv: Argv): Promise<RemoteProcess> {
    const child = this.#start(argv)
    return {
      stdout: child.stdout,
      write: (text) => void (child.stdin.writable && child.stdin.write(text)),
      end: () => child.stdin.end(),
    }
  }

  #start(argv: Argv): ChildProcessWithoutNullStreams {
    const { argv: privileged, stdinPrefix } = asRoot(argv, this.#privilege)
    const child = startProgram(privileged)
    child.stdin.on('error', () => {}) // It may end without reading; its exit code shows why.
    child.stdin.write(stdinPrefix)
    return child
  }

  connect(port: number, address = '127.0.0.1'): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, address)
      socket.once('connect', () => resolve(socket)).once('error', reject)
    })
  }

  async close(): Promise<void> {}
}
