import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { hasErrorCode } from '../../kit/user-error.ts'
import { logdbError } from '../error-table.ts'
import { commandLine, type Ended, type Machine } from './machine.ts'

export interface SystemMachineOptions {
  /** `[user@]host`; undefined for this machine. */
  host: string | undefined
  /** A file for `ssh -F`. */
  sshConfig?: string | undefined
  /** The user can answer what ssh asks. */
  canAsk: boolean
  signal?: AbortSignal | undefined
}

/** A connection that is gone is noticed after half a minute. */
const ALIVE = ['-o', 'ServerAliveInterval=10', '-o', 'ServerAliveCountMax=3']

/** This machine, or another one as the system's `ssh` reaches it. */
export class SystemMachine implements Machine {
  readonly #options: SystemMachineOptions

  constructor(options: SystemMachineOptions) {
    this.#options = options
  }

  get host(): string | undefined {
    return this.#options.host
  }

  async run(command: readonly string[], stdin: AsyncIterable<Buffer>): Promise<Ended> {
    const { host, signal } = this.#options
    signal?.throwIfAborted()
    const [program = '', ...args] = host === undefined ? command : this.#overSsh(host, command)
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], ...(signal && { signal }) })
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', (error) => reject(hasErrorCode(error, 'ENOENT') ? notInstalled(program) : error))
      child.once('close', resolve)
    })
    // A command that ends early says why itself.
    const sending = pipeline(stdin, child.stdin).catch((error: unknown) => error)
    const [exitCode, stdout, stderr, broken] = await Promise.all([
      ended,
      text(child.stdout),
      text(child.stderr),
      sending,
    ])
    if (exitCode === 0 && broken !== undefined) throw broken
    return { exitCode, stdout, stderr }
  }

  #overSsh(host: string, command: readonly string[]): string[] {
    const { sshConfig, canAsk } = this.#options
    return [
      'ssh',
      ...(sshConfig === undefined ? [] : ['-F', sshConfig]),
      ...(canAsk ? [] : ['-o', 'BatchMode=yes']),
      ...ALIVE,
      '-T',
      '--',
      host,
      commandLine(command),
    ]
  }
}

function notInstalled(program: string) {
  const hint = 'install it, for example the package openssh-client; logdb auto needs none with BACKUP_SSH_KEY'
  return logdbError('REMOTE_UNREACHABLE', `the program ${program} is not installed here`, hint)
}
