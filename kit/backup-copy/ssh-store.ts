import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import ssh2, { type Client, type SFTPWrapper } from 'ssh2'
import { errorMessage, UserError } from '../user-error.ts'
import type { SshTarget } from './copy-settings.ts'

const CONNECT_TIMEOUT_MS = 20_000

/** A folder of another machine, over SFTP. */
export class SshStore {
  readonly #target: SshTarget
  readonly #client: Client
  readonly #sftp: SFTPWrapper

  private constructor(target: SshTarget, client: Client, sftp: SFTPWrapper) {
    this.#target = target
    this.#client = client
    this.#sftp = sftp
  }

  /** @throws UserError COPY_HOST_KEY if the host key is not the pinned one, COPY_FAILED */
  static async open(target: SshTarget): Promise<SshStore> {
    const client = await connect(target).catch((error: unknown) => {
      throw failed(target, error)
    })
    try {
      return new SshStore(target, client, await promisify(client.sftp.bind(client))())
    } catch (error) {
      client.end()
      throw failed(target, error)
    }
  }

  /** Stores a file, which appears whole or not at all. */
  async put(name: string, content: Readable): Promise<void> {
    const path = this.#pathOf(name)
    const part = `${path}.part`
    try {
      await this.#makeFolder()
      await pipeline(content, this.#sftp.createWriteStream(part, { mode: 0o600 }))
      await promisify(this.#sftp.ext_openssh_rename.bind(this.#sftp))(part, path)
    } catch (error) {
      throw failed(this.#target, error)
    }
  }

  /** Size in bytes. */
  async sizeOf(name: string): Promise<number> {
    try {
      const { size } = await promisify(this.#sftp.stat.bind(this.#sftp))(this.#pathOf(name))
      return size
    } catch (error) {
      throw failed(this.#target, error)
    }
  }

  get(name: string): Readable {
    const content = this.#sftp.createReadStream(this.#pathOf(name))
    // The connection may end before the other side has confirmed that it has closed the file.
    return content.on('error', () => {})
  }

  close(): void {
    this.#client.end()
  }

  #pathOf(name: string): string {
    return `${this.#target.folder}/${name}`
  }

  /** With the folders above it; those that are there, or may not be made, show when the file is written. */
  async #makeFolder(): Promise<void> {
    const parts = this.#target.folder.split('/')
    for (const at of parts.keys()) {
      const path = parts.slice(0, at + 1).join('/')
      if (path !== '')
        await promisify(this.#sftp.mkdir.bind(this.#sftp) as MakeFolder)(path, { mode: 0o700 }).catch(() => {})
    }
  }
}

type MakeFolder = (path: string, attributes: { mode: number }, done: (error?: Error | null) => void) => void

function connect(target: SshTarget): Promise<Client> {
  const { host, port, user: username, keyFile } = target
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    let offered = ''
    client
      .once('ready', () => resolve(client))
      .on('error', (error) =>
        reject(offered === '' || offered === target.hostKey ? failed(target, error) : wrongHostKey(target, offered)),
      )
      .connect({
        host,
        port,
        username,
        privateKey: readFileSync(keyFile),
        readyTimeout: CONNECT_TIMEOUT_MS,
        hostVerifier: (key: Buffer) => {
          offered = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
          return offered === target.hostKey
        },
      })
  })
}

function wrongHostKey({ host, hostKey }: SshTarget, offered: string): UserError {
  const message =
    hostKey === ''
      ? `the host key of ${host} is not known; it shows ${offered}`
      : `the host key of ${host} is ${offered}, not the ${hostKey} of BACKUP_SSH_HOST_KEY`
  const advice = hostKey === '' ? 'compare it with that machine' : 'find out why it changed'
  return new UserError('COPY_HOST_KEY', message, {
    hint: `${advice}, then set BACKUP_SSH_HOST_KEY=${offered} in .env on the server`,
  })
}

function failed({ host, user, folder }: SshTarget, error: unknown): UserError {
  if (error instanceof UserError) return error
  return new UserError('COPY_FAILED', `${user}@${host}:${folder} cannot be used: ${errorMessage(error)}`, {
    hint: 'check the address, the key in BACKUP_SSH_KEY, and that this user may write there',
    cause: error,
  })
}
