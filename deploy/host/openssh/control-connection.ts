import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deployError } from '../../errors.ts'
import type { Argv } from '../argv.ts'
import { exitCodeOf, startWith, textSoFar } from '../program.ts'

export interface OpenSshTarget {
  /** Program that connects, for example `ssh`. */
  program: string
  /** As the user named it. */
  host: string
  configFile?: string | undefined
  identityFile?: string | undefined
  /** The user can answer what OpenSSH asks. */
  canAsk: boolean
}

/** One connection of OpenSSH, which its other processes share through a socket (ControlMaster in ssh_config(5)). */
export class ControlConnection {
  readonly #program: string
  readonly #args: string[]
  readonly #folder: string

  private constructor(program: string, args: string[], folder: string) {
    this.#program = program
    this.#args = args
    this.#folder = folder
  }

  /** @throws UserError SSH_UNREACHABLE; what OpenSSH says stands in it, or before it on the terminal */
  static async open({ program, host, configFile, identityFile, canAsk }: OpenSshTarget): Promise<ControlConnection> {
    const folder = await mkdtemp(join(tmpdir(), 'ai-deploy-ssh-'))
    const args = [
      ...(configFile ? ['-F', configFile] : []),
      ...(identityFile ? ['-i', identityFile, '-o', 'IdentitiesOnly=yes'] : []),
      ...['-S', join(folder, 'socket'), '-o', 'RequestTTY=no', '-o', 'RemoteCommand=none'],
      ...['-o', 'ServerAliveInterval=10', '--', host],
    ]
    const batch = canAsk ? [] : ['-o', 'BatchMode=yes']
    const master = ['-M', '-N', '-f', '-o', 'ControlPersist=no', ...batch, ...args]
    const child = startWith(
      [program, ...master],
      canAsk ? ['inherit', 'ignore', 'inherit'] : ['ignore', 'ignore', 'pipe'],
    )
    const stderr = child.stderr === null ? () => '' : textSoFar(child.stderr)
    const exitCode = await exitCodeOf(child).catch(() => undefined)
    if (exitCode === 0) return new ControlConnection(program, args, folder)
    await rm(folder, { recursive: true, force: true })
    const said = stderr().trim()
    throw deployError(
      'SSH_UNREACHABLE',
      `${program} cannot connect to ${host}${said && `: ${said}`}`,
      `this must work: ${program} ${host} true`,
    )
  }

  /** What runs a command line over it. Once it is lost they must fail, and not connect again. */
  command(line: string, isInTerminal = false): Argv {
    // Without -q it says at the end that the connection is closed.
    return [this.#program, ...(isInTerminal ? ['-q', '-tt'] : ['-T']), '-o', 'ProxyCommand=false', ...this.#args, line]
  }

  async isAlive(): Promise<boolean> {
    return (await this.#control('check')) === 0
  }

  async close(): Promise<void> {
    await this.#control('exit')
    await rm(this.#folder, { recursive: true, force: true })
  }

  #control(what: string): Promise<number | undefined> {
    return exitCodeOf(startWith([this.#program, '-O', what, ...this.#args], 'ignore')).catch(() => undefined)
  }
}
