import type { SshTarget } from '../../kit/backup-copy/copy-settings.ts'
import type { PinnedConnection } from '../../kit/backup-copy/pinned-connection.ts'
import { UserError } from '../../kit/user-error.ts'
import { logdbError } from '../error-table.ts'
import { commandLine, type Ended, type Machine } from './machine.ts'

/** Another machine, reached with a key and a host key of the settings: an image needs no `ssh` program for it. */
export class PinnedMachine implements Machine {
  readonly host: string
  readonly #connection: PinnedConnection
  readonly #signal: AbortSignal | undefined
  readonly #interrupt = () => this.#connection.close()

  private constructor(host: string, connection: PinnedConnection, signal: AbortSignal | undefined) {
    this.host = host
    this.#connection = connection
    this.#signal = signal
    signal?.addEventListener('abort', this.#interrupt, { once: true })
  }

  /** @throws UserError REMOTE_UNREACHABLE */
  static async open(target: SshTarget, privateKey: Buffer, signal?: AbortSignal): Promise<PinnedMachine> {
    signal?.throwIfAborted()
    const { PinnedConnection } = await import('../../kit/backup-copy/pinned-connection.ts')
    const connection = await PinnedConnection.open(target, privateKey).catch((error: unknown) => {
      throw error instanceof UserError ? unreachable(error) : error
    })
    return new PinnedMachine(target.host, connection, signal)
  }

  async run(command: readonly string[], stdin: AsyncIterable<Buffer>): Promise<Ended> {
    this.#signal?.throwIfAborted()
    const end = await this.#connection.run(commandLine(command), stdin)
    this.#signal?.throwIfAborted()
    return end
  }

  close(): void {
    this.#signal?.removeEventListener('abort', this.#interrupt)
    this.#connection.close()
  }
}

function unreachable(error: UserError): UserError {
  return logdbError('REMOTE_UNREACHABLE', error.message, error.hint, error)
}
