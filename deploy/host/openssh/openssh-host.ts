import type { Duplex, Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { RawTerminal } from '../../../kit/cli/raw-terminal.ts'
import { deployError } from '../../errors.ts'
import type { Argv } from '../argv.ts'
import type { ConnectionCounts, ExecOptions, ExecResult, Host, RemoteProcess } from '../host.ts'
import { LoginShell, readableOf } from '../login-shell.ts'
import { LOOPBACK, pipedPort, pipeToPort } from '../port-pipe.ts'
import { asRoot, asRootInTerminal, type Privilege } from '../privilege.ts'
import { exitCodeOf, readOutput, startProgram, startWith } from '../program.ts'
import { ControlConnection, type OpenSshTarget } from './control-connection.ts'

/** What OpenSSH exits with when it failed itself; a command may do so too. */
const OPENSSH_FAILED = 255

interface RunningCommand {
  stdin: Writable
  stdout: Readable
  stderr: Readable
  exitCode: Promise<number>
  kill(): void
}

/** A server over the system's OpenSSH, for what ssh2 cannot: certificates, security keys, Kerberos. */
export class OpenSshHost implements Host {
  readonly name: string
  readonly address: string | null
  readonly counts: ConnectionCounts = { connections: 1, channels: 0 }
  readonly #connection: ControlConnection
  readonly #shell = new LoginShell()
  #privilege: Privilege = { kind: 'root' }

  private constructor(name: string, address: string | null, connection: ControlConnection) {
    this.name = name
    this.address = address
    this.#connection = connection
  }

  /**
   * @param address that is dialled; null behind a jump host
   * @throws UserError SSH_UNREACHABLE
   */
  static async open(target: OpenSshTarget, address: string | null): Promise<OpenSshHost> {
    return new OpenSshHost(target.host, address, await ControlConnection.open(target))
  }

  set privilege(privilege: Privilege) {
    this.#privilege = privilege
  }

  async exec(argv: Argv, { stdin = '', onLine, onOutput, signal, terminal }: ExecOptions = {}): Promise<ExecResult> {
    signal?.throwIfAborted()
    if (terminal) return this.#execIn(terminal, argv)
    const child = this.#spawn(argv)
    const { stdout, stderr } = readOutput(child, { onLine, onOutput })
    const kill = () => child.kill()
    signal?.addEventListener('abort', kill, { once: true })
    let broken: Error | undefined
    const fail = (error: Error) => {
      broken = error
      kill()
    }
    if (typeof stdin === 'string' || Buffer.isBuffer(stdin)) child.stdin.end(stdin)
    else stdin.once('error', fail).pipe(child.stdin)
    const printed = Promise.allSettled([finished(child.stdout), finished(child.stderr)])
    const [exitCode] = await Promise.all([child.exitCode, printed]).finally(() =>
      signal?.removeEventListener('abort', kill),
    )
    signal?.throwIfAborted()
    if (broken) throw broken
    if (exitCode === OPENSSH_FAILED) await this.#expectAlive(argv)
    return { exitCode, stdout: stdout(), stderr: stderr() }
  }

  /** OpenSSH sets our terminal as it needs it, and writes to it itself where nothing is to be left out. */
  async #execIn({ output }: RawTerminal, argv: Argv): Promise<ExecResult> {
    this.counts.channels++
    const { line, filter } = this.#shell.command(asRootInTerminal(argv, this.#privilege))
    const stdout = filter === null ? 'inherit' : 'pipe'
    const child = startWith(this.#connection.command(line, true), ['inherit', stdout, 'inherit'])
    if (child.stdout !== null) readableOf(child.stdout, filter).pipe(output, { end: false })
    const exitCode = (await exitCodeOf(child).catch(() => undefined)) ?? OPENSSH_FAILED
    if (exitCode === OPENSSH_FAILED) await this.#expectAlive(argv)
    return { exitCode, stdout: '', stderr: '' }
  }

  async start(argv: Argv): Promise<RemoteProcess> {
    const child = this.#spawn(argv)
    return {
      stdout: child.stdout,
      write: (text) => void (child.stdin.writable && child.stdin.write(text)),
      end: () => child.stdin.end(),
    }
  }

  async connect(port: number, address = LOOPBACK): Promise<Duplex> {
    const { stdin, stdout, exitCode } = this.#spawn(pipeToPort(port, address))
    return pipedPort({ name: this.name, port, address }, stdout, stdin, exitCode)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #spawn(argv: Argv): RunningCommand {
    this.counts.channels++
    const { argv: privileged, stdinPrefix } = asRoot(argv, this.#privilege)
    const { line, filter } = this.#shell.command(privileged)
    const child = startProgram(this.#connection.command(line))
    child.stdin.on('error', () => {}) // The command may end without reading; its exit code shows why.
    child.stdin.write(stdinPrefix)
    const stdout = readableOf(child.stdout, filter)
    return {
      stdin: child.stdin,
      stdout,
      stderr: child.stderr,
      exitCode: exitCodeOf(child).then(
        (exitCode) => exitCode ?? OPENSSH_FAILED,
        () => OPENSSH_FAILED,
      ),
      kill: () => {
        // A gentler signal waits for the command on the server. The process that holds the connection has the pipes too.
        child.kill('SIGKILL')
        for (const stream of [child.stdin, stdout, child.stderr]) stream.destroy()
      },
    }
  }

  async #expectAlive(argv: Argv): Promise<void> {
    if (await this.#connection.isAlive()) return
    throw deployError(
      'SSH_UNREACHABLE',
      `the connection to ${this.name} was lost while it ran ${argv[0]}`,
      'run the same command again',
    )
  }
}
