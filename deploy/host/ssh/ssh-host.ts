import type { Duplex } from 'node:stream'
import { NodeSSH } from 'node-ssh'
import type { Client, ClientChannel } from 'ssh2'
import { errorMessage, type UserError } from '../../../kit/user-error.ts'
import { deployError } from '../../errors.ts'
import type { Argv } from '../argv.ts'
import { quoteArgv } from '../argv.ts'
import type { ConnectionCounts, ExecOptions, ExecResult, Host, RemoteProcess } from '../host.ts'
import { splitLines } from '../lines.ts'
import { asRoot, type Privilege } from '../privilege.ts'
import { authentication } from './authentication.ts'
import { dial } from './dial.ts'
import { HostKeyCheck, hostKeyAlgorithms } from './host-key-check.ts'
import { readHostKey } from './known-hosts.ts'
import { type PrivateKey, readPrivateKeys } from './private-key.ts'
import type { SshQuestions } from './questions.ts'
import type { SshOptions } from './ssh-options.ts'

const KEEPALIVE_INTERVAL_MS = 15_000
/** Long enough to compare a fingerprint and to type a passphrase. */
const HANDSHAKE_TIMEOUT_MS = 180_000
/** How long an interrupted command may take to notice that its output is not read any more. */
const INTERRUPT_WAIT_MS = 2_000

interface RunningCommand {
  channel: ClientChannel
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
  #privilege: Privilege = { kind: 'root' }
  #lost: Error | undefined

  private constructor(name: string, address: string | null, ssh: NodeSSH, client: Client) {
    this.name = name
    this.address = address
    this.#ssh = ssh
    this.#client = client
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
    const keys = readPrivateKeys(options.identityFiles)
    const ssh = new NodeSSH()
    try {
      await ssh.connect({
        host: options.hostname,
        port: options.port,
        username: options.user,
        readyTimeout: HANDSHAKE_TIMEOUT_MS,
        keepaliveInterval: KEEPALIVE_INTERVAL_MS,
        sock: options.openProxy?.() ?? (await dial(options.hostname, options.port, options.connectTimeoutMs)),
        ...(known.length > 0 && {
          algorithms: { serverHostKey: { prepend: hostKeyAlgorithms(known), append: [], remove: [] } },
        }),
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
    return new SshHost(name, options.openProxy ? null : options.hostname, ssh, ssh.connection)
  }

  set privilege(privilege: Privilege) {
    this.#privilege = privilege
  }

  async exec(argv: Argv, { stdin = '', onLine, signal }: ExecOptions = {}): Promise<ExecResult> {
    signal?.throwIfAborted()
    const { channel, stdinPrefix, exitCode } = await this.#open(argv)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    channel.on('data', (chunk: Buffer) => stdout.push(chunk))
    channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    if (onLine) {
      channel.on('data', splitLines(onLine))
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
    else stdin.once('error', fail).pipe(channel)
    const code = await exitCode.finally(() => signal?.removeEventListener('abort', interrupt))
    signal?.throwIfAborted()
    return { exitCode: code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
  }

  async start(argv: Argv): Promise<RemoteProcess> {
    const { channel, stdinPrefix, exitCode } = await this.#open(argv)
    exitCode.catch(() => {}) // A session ends when its user or the connection ends it.
    channel.write(stdinPrefix)
    return { stdout: channel, end: () => channel.end() }
  }

  connect(port: number): Promise<Duplex> {
    this.counts.channels++
    return new Promise((resolve, reject) => {
      try {
        this.#client.forwardOut('127.0.0.1', 0, '127.0.0.1', port, (error, channel) => {
          if (error) reject(this.#forwardingError(port, error))
          else resolve(channel)
        })
      } catch (error) {
        reject(this.#connectionLost(OPENING_PORT, error))
      }
    })
  }

  async close(): Promise<void> {
    this.#ssh.dispose()
  }

  #open(argv: Argv): Promise<RunningCommand> {
    this.counts.channels++
    const { argv: privileged, stdinPrefix } = asRoot(argv, this.#privilege)
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#connectionLost(`it ran ${argv[0]}`))
      try {
        this.#client.exec(quoteArgv(privileged), (error, channel) => {
          if (error) reject(this.#connectionLost(`it ran ${argv[0]}`, error))
          // Listening starts here: the end of a quick command may be in the same packet as its beginning.
          else resolve({ channel, stdinPrefix, exitCode: this.#exitCode(channel, argv) })
        })
      } catch (error) {
        reject(this.#connectionLost(`it ran ${argv[0]}`, error))
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

  /** A refusal has a reason; without one there was no answer. */
  #forwardingError(port: number, error: Error): Error {
    if (!('reason' in error)) return this.#connectionLost(OPENING_PORT, error)
    return error.reason === ADMINISTRATIVELY_PROHIBITED ? forwardingProhibited(this.name, port, error) : error
  }

  #connectionLost(doing: string, cause: unknown = this.#lost): UserError {
    return deployError(
      'SSH_UNREACHABLE',
      `the connection to ${this.name} was lost while ${doing}`,
      'run the same command again: it checks the server and continues from what is there',
      cause,
    )
  }
}

function connectionError(name: string, options: SshOptions, keys: PrivateKey[], error: unknown): UserError {
  const target = `${options.user}@${options.hostname}:${options.port}`
  const level = error instanceof Error && 'level' in error ? error.level : undefined
  if (level === 'client-authentication') {
    const tried = [...(options.agent ? ['the agent'] : []), ...keys.map(({ path }) => path)]
    return deployError(
      'SSH_AUTH',
      `the server does not let ${target} in with any key tried: ${tried.join(', ') || 'there was none'}`,
      `copy your key there with: ssh-copy-id ${name} (or name another one with --identity)`,
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

const OPENING_PORT = 'it opened a connection to its own port'

/** RFC 4254, 5.1: the server's policy, not the port, is in the way. */
const ADMINISTRATIVELY_PROHIBITED = 1

function forwardingProhibited(name: string, port: number, error: Error): UserError {
  return deployError(
    'TARGET_UNSUPPORTED',
    `sshd on ${name} does not let us connect to its own port ${port}`,
    'allow it there: AllowTcpForwarding yes (or local) in sshd_config',
    error,
  )
}
