import { connect } from 'node:net'
import { Duplex, type Readable } from 'node:stream'
import { execa } from 'execa'
import type { Argv } from './argv.ts'
import type { ConnectionCounts, ExecOptions, ExecResult, Host, RemoteProcess } from './host.ts'
import { splitLines } from './lines.ts'
import { asRoot, type Privilege } from './privilege.ts'

/** Runs a command on this machine as this user. @throws when the program cannot be started */
export async function runLocally(argv: Argv): Promise<ExecResult> {
  const [file, ...args] = argv
  const { exitCode, stdout, stderr, failed, cause } = await execa(file, args, {
    reject: false,
    stripFinalNewline: false,
  })
  if (failed && exitCode === undefined) throw cause
  return { exitCode: exitCode ?? 1, stdout, stderr }
}

/** A program of this machine whose stdin and stdout are a connection, as OpenSSH's ProxyCommand. */
export function openPipe(argv: Argv): Duplex {
  const [file, ...args] = argv
  const child = execa(file, args, { stdout: 'pipe', stderr: 'ignore', buffer: false, reject: false })
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

  async exec(argv: Argv, { stdin = '', onLine, onOutput, signal }: ExecOptions = {}): Promise<ExecResult> {
    const child = this.#spawn(argv, stdin, signal)
    if (onOutput) {
      child.stdout?.on('data', (chunk: Buffer) => onOutput(chunk, 'stdout'))
      child.stderr?.on('data', (chunk: Buffer) => onOutput(chunk, 'stderr'))
    }
    if (onLine) {
      child.stdout?.on('data', splitLines(onLine))
      child.stderr?.on('data', splitLines(onLine))
    }
    const { exitCode, stdout, stderr } = await child
    signal?.throwIfAborted()
    return { exitCode: exitCode ?? 1, stdout: stdout ?? '', stderr: stderr ?? '' }
  }

  async start(argv: Argv): Promise<RemoteProcess> {
    const { argv: privileged, stdinPrefix } = asRoot(argv, this.#privilege)
    const [file, ...args] = privileged
    const child = execa(file, args, { buffer: false, reject: false })
    child.stdin.on('error', () => {}) // It may end before it has read everything.
    child.stdin.write(stdinPrefix)
    return {
      stdout: child.stdout,
      write: (text) => void (child.stdin.writable && child.stdin.write(text)),
      end: () => child.stdin.end(),
    }
  }

  #spawn(argv: Argv, stdin: string | Buffer | Readable, signal: AbortSignal | undefined) {
    const { argv: privileged, stdinPrefix } = asRoot(argv, this.#privilege)
    const [file, ...args] = privileged
    const child = execa(file, args, {
      reject: false,
      stripFinalNewline: false,
      ...(signal && { cancelSignal: signal }),
    })
    child.stdin.on('error', () => {}) // The command may end without reading; its exit code shows why.
    child.stdin.write(stdinPrefix)
    if (typeof stdin === 'string' || Buffer.isBuffer(stdin)) child.stdin.end(stdin)
    else stdin.once('error', (error) => child.kill(error)).pipe(child.stdin)
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
