import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { NodeSSH } from 'node-ssh'
import type { Client, ClientChannel, PseudoTtyOptions } from 'ssh2'
import type { RawTerminal } from '../../../kit/cli/raw-terminal.ts'
import { errorMessage, type UserError } from '../../../kit/user-error.ts'
import { deployError } from '../../errors.ts'
import type { Argv } from '../argv.ts'
import type { ConnectionCounts, ExecOptions, ExecResult, Host, RemoteProcess } from '../host.ts'
import { splitLines } from '../lines.ts'
import { type Filter, LoginShell, readableOf } from '../login-shell.ts'
import { LOOPBACK, pipedPort, pipeToPort } from '../port-pipe.ts'
import { asRoot, asRootInTerminal, type Privilege } from '../privilege.ts'
import { authentication } from './authentication.ts'
import { dial } from './dial.ts'
import { HostKeyCheck, hostKeyAlgorithms } from './host-key-check.ts'
import { readHostKey } from './known-hosts.ts'
import { pacedBy } from './pace.ts'
import { type KeyFile, readKeyFiles } from './private-key.ts'
import type { SshQuestions } from './questions.ts'
import type { SshOptions } from './ssh-options.ts'

/** Three that stay without an answer end the connection. */
const KEEPALIVE_INTERVAL_MS = 10_000
/** Long enough to compare a fingerprint and to type a passphrase. */
const HANDSHAKE_TIMEOUT_MS = 180_000
/** How long an interrupted command may take to notice that its output is not read any more. */
const INTERRUPT_WAIT_MS = 2_000

interface RunningCommand {
  channel: ClientChannel
  filter: Filter | null
  stdinPrefix: string
  exitCode: Promise<number>
}

/** One SSH connection. Every command is a channel of it. */
export class SshHost implements Host {
  readonly name: string
  readonly address: string | null
  readonly counts: ConnectionCounts = { connections: 1, channels: 0 }
  readonly #ssh: NodeSSH
  readonly #client: Client
  readonly #socket: Duplex
  readonly #shell = new LoginShell()
  #privilege: Privilege = { kind: 'root' }
  #lost: Error | undefined
  #isForwardingRefused = false
  /** How many commands run that end by themselves. */
  #commands = 0

  private constructor(name: string, address: string | null, ssh: NodeSSH, client: Client, socket: Duplex) {
    this.name = name
    this.address = address
    this.#ssh = ssh
    this.#client = client
    this.#socket = socket
    client.on('error', (error) => {
      this.#lost = error
    })
  }

  /**
   * @param acceptedFingerprint a host key that is accepted without a question (`--host-key`)
   * @throws UserError SSH_UNREACHABLE, SSH_AUTH, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED
   */
  static async open(
    name: string,
    options: SshOptions,
    questions: SshQuestions,
    acceptedFingerprint?: string,
  ): Promise<SshHost> {
    const hostKeys = new HostKeyCheck(options, questions, acceptedFingerprint)
    const known = await hostKeys.load()
    const keys = readKeyFiles(options.identityFiles)
    const ssh = new NodeSSH()
    let socket: Duplex
    try {
      socket = options.openProxy?.() ?? (await dial(options.hostname, options.port, options.connectTimeoutMs))
      await ssh.connect({
        host: options.hostname,
        port: options.port,
        username: options.user,
        readyTimeout: HANDSHAKE_TIMEOUT_MS,
        keepaliveInterval: KEEPALIVE_INTERVAL_MS,
        sock: socket,
        // An exact list: what is prepended to ssh2's own list is dropped if it is in it already.
        algorithms: { serverHostKey: hostKeyAlgorithms(known) },
        hostVerifier: (blob: Buffer, verified: (accept: boolean) => void) => {
          hostKeys.verify(readHostKey(blob)).then(verified, () => verified(false))
        },
        authHandler: authentication(options, keys, questions),
      })
    } catch (error) {
      ssh.dispose()
      throw hostKeys.refusal ?? connectionError(name, options, keys, error)
    }
    await hostKeys.record()
    if (!ssh.connection) throw deployError('SSH_UNREACHABLE', `the connection to ${name} closed at once`, 'run again')
    return new SshHost(name, options.openProxy ? null : options.hostname, ssh, ssh.connection, socket)
  }

  set privilege(privilege: Privilege) {
    this.#privilege = privilege
  }

  async exec(argv: Argv, { stdin = '', onLine, onOutput, signal, terminal }: ExecOptions = {}): Promise<ExecResult> {
    signal?.throwIfAborted()
    if (terminal) return this.#execIn(terminal, argv)
    const { channel, filter, stdinPrefix, exitCode } = await this.#open(argv)
    this.#commands++
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    const readable = readableOf(channel, filter)
    readable.on('data', (chunk: Buffer) => stdout.push(chunk))
    channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    if (onOutput) {
      readable.on('data', (chunk: Buffer) => onOutput(chunk, 'stdout'))
      channel.stderr.on('data', (chunk: Buffer) => onOutput(chunk, 'stderr'))
    }
    if (onLine) {
      readable.on('data', splitLines(onLine))
      channel.stderr.on('data', splitLines(onLine))
    }
    const fail = (error: unknown) => {
      channel.emit('error', error)
      channel.destroy()
    }
    const interrupt = () => {
      channel.destroy()
      // sshd reports a closed channel only when the command has ended; a silent command does not notice.
      setTimeout(fail, INTERRUPT_WAIT_MS, signal?.reason).unref()
    }
    signal?.addEventListener('abort', interrupt, { once: true })
    channel.write(stdinPrefix)
    if (typeof stdin === 'string' || Buffer.isBuffer(stdin)) channel.end(stdin)
    else stdin.once('error', fail).pipe(pacedBy(this.#socket)).pipe(channel)
    const code = await exitCode.finally(() => {
      this.#commands--
      signal?.removeEventListener('abort', interrupt)
    })
    // What passes through the filter comes a moment later.
    if (!readable.readableEnded && filter !== null) await once(readable, 'end')
    signal?.throwIfAborted()
    return { exitCode: code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
  }

  async #execIn(terminal: RawTerminal, argv: Argv): Promise<ExecResult> {
    const { columns: cols, rows } = terminal.size()
    const { channel, filter, exitCode } = await this.#open(argv, { cols, rows, term: terminal.kind })
    const endResize = terminal.onResize(() => {
      const size = terminal.size()
      channel.setWindow(size.rows, size.columns, 0, 0)
    })
    const readable = readableOf(channel, filter)
    readable.pipe(terminal.output, { end: false })
    terminal.setRaw(true)
    terminal.input.pipe(channel)
    try {
      const code = await exitCode
      if (!readable.readableEnded && filter !== null) await once(readable, 'end')
      return { exitCode: code, stdout: '', stderr: '' }
    } finally {
      terminal.input.unpipe(channel).pause()
      terminal.setRaw(false)
      endResize()
    }
  }

  async start(argv: Argv): Promise<RemoteProcess> {
    const { channel, filter, stdinPrefix, exitCode } = await this.#open(argv)
    exitCode.catch(() => {}) // A session ends when its user or the connection ends it.
    channel.write(stdinPrefix)
    return {
      stdout: readableOf(channel, filter),
      write: (text) => void (channel.writable && channel.write(text)),
      end: () => channel.end(),
    }
  }

  connect(port: number, address = LOOPBACK): Promise<Duplex> {
    if (this.#isForwardingRefused) return this.#pipe(port, address)
    this.counts.channels++
    return new Promise((resolve, reject) => {
      const lost = (error: unknown) => reject(this.#connectionLost('it was used', error))
      if (this.#lost) return lost(this.#lost)
      try {
        this.#client.forwardOut(LOOPBACK, 0, address, port, (error, channel) => {
          if (!error) return resolve(channel)
          if (!('reason' in error)) return lost(error)
          if (error.reason !== ADMINISTRATIVELY_PROHIBITED) return reject(error)
          this.#isForwardingRefused = true
          this.#pipe(port, address).then(resolve, reject)
        })
      } catch (error) {
        lost(error)
      }
    })
  }

  /** The same through a command on the server, where sshd forwards no ports. */
  async #pipe(port: number, address: string): Promise<Duplex> {
    const { channel, filter, stdinPrefix, exitCode } = await this.#open(pipeToPort(port, address))
    exitCode.catch(() => {})
    channel.write(stdinPrefix)
    return pipedPort({ name: this.name, port, address }, readableOf(channel, filter), channel, exitCode)
  }

  async close(): Promise<void> {
    this.#ssh.dispose()
  }

  /**
   * Opens a session. Where the server allows no more of them, the command waits for another one to end; the server counts one
   * that has just ended for a moment longer.
   */
  async #open(argv: Argv, pty?: PseudoTtyOptions): Promise<RunningCommand> {
    let refusals = 0
    for (;;) {
      try {
        return await this.#openOnce(argv, pty)
      } catch (error) {
        if (!isTooManySessions(error)) throw error
        refusals = this.#commands > 0 ? 0 : refusals + 1
        if (refusals === SESSION_ATTEMPTS) throw tooFewSessions(this.name, error)
        await delay(SESSION_RETRY_MS)
      }
    }
  }

  #openOnce(argv: Argv, pty?: PseudoTtyOptions): Promise<RunningCommand> {
    this.counts.channels++
    const { argv: privileged, stdinPrefix } = pty
      ? { argv: asRootInTerminal(argv, this.#privilege), stdinPrefix: '' }
      : asRoot(argv, this.#privilege)
    const { line, filter } = this.#shell.command(privileged)
    return new Promise((resolve, reject) => {
      const lost = (error: unknown) => reject(this.#connectionLost(`it ran ${argv[0]}`, error))
      if (this.#lost) return lost(this.#lost)
      try {
        this.#client.exec(line, { ...(pty && { pty }) }, (error, channel) => {
          if (error && isTooManySessions(error)) reject(error)
          else if (error) lost(error)
          // Listening starts here: the end of a quick command may be in the same packet as its beginning.
          else resolve({ channel, filter, stdinPrefix, exitCode: this.#exitCode(channel, argv) })
        })
      } catch (error) {
        lost(error)
      }
    })
  }

  #exitCode(channel: ClientChannel, argv: Argv): Promise<number> {
    return new Promise((resolve, reject) => {
      channel.on('error', reject)
      // Its own event for the exit code may come before anybody listens; this one repeats the code: null is a signal.
      channel.on('close', (code?: number | null) =>
        code === undefined ? reject(this.#connectionLost(`it ran ${argv[0]}`)) : resolve(code ?? 128),
      )
    })
  }

  /** @param what completes "lost while" */
  #connectionLost(what: string, cause: unknown = this.#lost): UserError {
    return deployError(
      'SSH_UNREACHABLE',
      `the connection to ${this.name} was lost while ${what}`,
      'run the same command again',
      cause,
    )
  }
}

function connectionError(name: string, options: SshOptions, keys: KeyFile[], error: unknown): UserError {
  const target = `${options.user}@${options.hostname}:${options.port}`
  const level = error instanceof Error && 'level' in error ? error.level : undefined
  if (level === 'client-authentication' || isTooManyKeys(error)) {
    const tried = [...(options.agent ? ['the agent'] : []), ...keys.map(({ path }) => path)]
    return deployError(
      'SSH_AUTH',
      isTooManyKeys(error)
        ? `the server ended the connection after too many keys, before the right one for ${target} was tried`
        : `the server does not let ${target} in with any key tried: ${tried.join(', ') || 'there was none'}`,
      authHint(name, keys, error),
      error,
    )
  }
  return deployError(
    'SSH_UNREACHABLE',
    `cannot reach ${target}: ${errorMessage(error)}`,
    `check the name, the port and the firewall; this must work: ssh ${name} true`,
    error,
  )
}

function isTooManyKeys(error: unknown): boolean {
  return /too many authentication failures/i.test(errorMessage(error))
}

function authHint(name: string, keys: KeyFile[], error: unknown): string {
  if (isTooManyKeys(error))
    return 'name the right key with --identity FILE, or as IdentityFile in your ssh configuration'
  const certified = keys.find(({ hasCertificate }) => hasCertificate)
  if (certified === undefined)
    return `copy your key there with: ssh-copy-id ${name} (or name another one with --identity)`
  return `only OpenSSH can show the certificate ${certified.path}-cert.pub: run again with --ssh-command ssh`
}

/** RFC 4254, 5.1. */
const ADMINISTRATIVELY_PROHIBITED = 1
/** What sshd answers to one session more than MaxSessions allows. */
const CONNECT_FAILED = 2
const SESSION_ATTEMPTS = 10
const SESSION_RETRY_MS = 200

function isTooManySessions(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === CONNECT_FAILED
}

function tooFewSessions(name: string, error: unknown): UserError {
  return deployError(
    'TARGET_UNSUPPORTED',
    `sshd on ${name} does not let one connection run two commands at a time`,
    'set MaxSessions 10 (its default) in sshd_config there, and reload sshd',
    error,
  )
}
