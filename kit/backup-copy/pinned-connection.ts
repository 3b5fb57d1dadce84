import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import ssh2, { type Client, type ClientChannel, type SFTPWrapper } from 'ssh2'
import { errorMessage, UserError } from '../user-error.ts'
import type { SshTarget } from './copy-settings.ts'

const CONNECT_TIMEOUT_MS = 20_000
/** A connection that is gone is noticed after half a minute. */
const ALIVE = { keepaliveInterval: 10_000, keepaliveCountMax: 3 }

/** How a command on another machine ended. */
export interface RemoteEnd {
  /** Null if a signal or the end of the connection ended it. */
  exitCode: number | null
  stdout: string
  stderr: string
}

/** A connection to a machine whose host key is known from the settings, for where there is no `ssh` program. */
export class PinnedConnection {
  readonly #client: Client
  #lost = 'the connection was closed'

  private constructor(client: Client) {
    this.#client = client
    client.on('error', (error) => {
      this.#lost = errorMessage(error)
    })
  }

  /**
   * @param privateKey without a passphrase
   * @throws UserError COPY_HOST_KEY if the host key is not a pinned one, COPY_FAILED
   */
  static open(target: SshTarget, privateKey: Buffer): Promise<PinnedConnection> {
    const { host, port, user: username } = target
    const client = new ssh2.Client()
    return new Promise((resolve, reject) => {
      let offered = ''
      const fail = (error: unknown) => {
        client.end()
        reject(offered === '' || isPinned(target, offered) ? failed(target, error) : wrongHostKey(target, offered))
      }
      const hostVerifier = (key: Buffer) => {
        offered = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
        return isPinned(target, offered)
      }
      client.once('ready', () => resolve(new PinnedConnection(client))).on('error', fail)
      try {
        client.connect({ host, port, username, privateKey, readyTimeout: CONNECT_TIMEOUT_MS, hostVerifier, ...ALIVE })
      } catch (error) {
        fail(error)
      }
    })
  }

  sftp(): Promise<SFTPWrapper> {
    return promisify(this.#client.sftp.bind(this.#client))()
  }

  /** Runs a command line. One that does not succeed, or is lost with the connection, is a result. */
  async run(line: string, stdin: AsyncIterable<Buffer>): Promise<RemoteEnd> {
    try {
      const end = await this.#run(line, stdin)
      return end.exitCode === null && end.stderr === '' ? { ...end, stderr: this.#lost } : end
    } catch (error) {
      return { exitCode: null, stdout: '', stderr: errorMessage(error) }
    }
  }

  #run(line: string, stdin: AsyncIterable<Buffer>): Promise<RemoteEnd> {
    return new Promise((resolve, reject) => {
      this.#client.exec(line, (error, channel) => {
        if (error) reject(error)
        // Listening starts here: the end of a quick command may be in the same packet as its beginning.
        else resolve(endOf(channel, stdin))
      })
    })
  }

  /** Commands that run are lost. */
  close(): void {
    this.#client.destroy()
  }
}

async function endOf(channel: ClientChannel, stdin: AsyncIterable<Buffer>): Promise<RemoteEnd> {
  const ended = new Promise<number | null>((resolve) => {
    channel.once('close', (code?: number | null) => resolve(code ?? null))
  })
  // A command that ends early says why itself.
  const sent = pipeline(stdin, channel).catch((error: unknown) => error)
  const [exitCode, stdout, stderr, broken] = await Promise.all([ended, text(channel), text(channel.stderr), sent])
  if (exitCode === 0 && broken !== undefined) throw broken
  return { exitCode, stdout, stderr }
}

/** Of any of them: backups and logs may go to different machines. */
function isPinned({ hostKey }: SshTarget, offered: string): boolean {
  return hostKey.split(/[\s,]+/).includes(offered)
}

function wrongHostKey({ host, hostKey }: SshTarget, offered: string): UserError {
  const message =
    hostKey === ''
      ? `the host key of ${host} is not known; it shows ${offered}`
      : `the host key of ${host} is ${offered}, not the ${hostKey} of BACKUP_SSH_HOST_KEY`
  const advice = hostKey === '' ? 'compare it with that machine' : 'find out why it changed'
  const several = hostKey === '' ? '' : '; several are separated by commas'
  return new UserError('COPY_HOST_KEY', message, {
    hint: `${advice}, then set BACKUP_SSH_HOST_KEY=${offered} in .env on the server${several}`,
  })
}

/** @throws UserError COPY_FAILED */
export function failed({ host, user, folder }: SshTarget, error: unknown): UserError {
  if (error instanceof UserError) return error
  return new UserError('COPY_FAILED', `the folder ${user}@${host}:${folder} cannot be used: ${errorMessage(error)}`, {
    hint: 'check the address, the key in BACKUP_SSH_KEY, and that this user may write there',
    cause: error,
  })
}
