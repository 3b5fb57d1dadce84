import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { deployError } from '../../errors.ts'

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
    const { exitCode, stderr } = await execa(program, master, {
      reject: false,
      stdin: canAsk ? 'inherit' : 'ignore',
      stdout: 'ignore',
      stderr: canAsk ? 'inherit' : 'pipe',
    })
    if (exitCode === 0) return new ControlConnection(program, args, folder)
    await rm(folder, { recursive: true, force: true })
    const said = typeof stderr === 'string' ? stderr.trim() : ''
    throw deployError(
      'SSH_UNREACHABLE',
      `${program} cannot connect to ${host}${said && `: ${said}`}`,
      `this must work: ${program} ${host} true`,
    )
  }

  /** The program and its arguments that run a command line over it. Once it is lost they must fail, and not connect again. */
  command(line: string): [program: string, args: string[]] {
    return [this.#program, ['-T', '-o', 'ProxyCommand=false', ...this.#args, line]]
  }

  async isAlive(): Promise<boolean> {
    return (await this.#control('check')) === 0
  }

  async close(): Promise<void> {
    await this.#control('exit')
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #control(what: string): Promise<number | undefined> {
    const { exitCode } = await execa(this.#program, ['-O', what, ...this.#args], { reject: false, stdio: 'ignore' })
    return exitCode
  }
}
