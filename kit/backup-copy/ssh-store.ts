import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import type { FileEntryWithStats, SFTPWrapper } from 'ssh2'
import { ABANDONED_AFTER_MS } from '../object-store/remove-abandoned.ts'
import type { SshTarget } from './copy-settings.ts'
import { failed, PinnedConnection } from './pinned-connection.ts'

/** What the name of a file ends with until it is whole. */
const PART = '.part'

/** A folder of another machine, over SFTP. */
export class SshStore {
  readonly #target: SshTarget
  readonly #connection: PinnedConnection
  readonly #sftp: SFTPWrapper

  private constructor(target: SshTarget, connection: PinnedConnection, sftp: SFTPWrapper) {
    this.#target = target
    this.#connection = connection
    this.#sftp = sftp
  }

  /** @throws UserError COPY_HOST_KEY if the host key is not the pinned one, COPY_FAILED */
  static async open(target: SshTarget): Promise<SshStore> {
    let connection: PinnedConnection | undefined
    try {
      connection = await PinnedConnection.open(target, readFileSync(target.keyFile))
      return new SshStore(target, connection, await connection.sftp())
    } catch (error) {
      connection?.close()
      throw failed(target, error)
    }
  }

  /** Stores a file, which appears whole or not at all. */
  async put(name: string, content: Readable): Promise<void> {
    const path = this.#pathOf(name)
    const part = `${path}${PART}`
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

  /** Removes the parts of files that nobody sends any more; those that this user may not remove stay. */
  async removeAbandoned(isOurs: (name: string) => boolean): Promise<void> {
    const oldestS = (Date.now() - ABANDONED_AFTER_MS) / 1000
    try {
      const entries = await promisify(this.#sftp.readdir.bind(this.#sftp) as ReadFolder)(this.#target.folder)
      for (const { filename, attrs } of entries) {
        const isPart = filename.endsWith(PART) && isOurs(filename.slice(0, -PART.length))
        if (!isPart || attrs.mtime > oldestS) continue
        await promisify(this.#sftp.unlink.bind(this.#sftp))(this.#pathOf(filename))
      }
    } catch {
      // What has arrived is what counts.
    }
  }

  close(): void {
    this.#connection.close()
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

type ReadFolder = (path: string, done: (error: Error | undefined, list: FileEntryWithStats[]) => void) => void
type MakeFolder = (path: string, attributes: { mode: number }, done: (error?: Error | null) => void) => void
