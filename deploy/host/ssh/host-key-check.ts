import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import type { UserError } from '../../../kit/user-error.ts'
import { deployError } from '../../errors.ts'
import { findKnownHosts, fingerprint, type HostKey, judgeHostKey, knownHostName } from './known-hosts.ts'
import type { SshQuestions } from './questions.ts'
import { readKnownHosts, type SshOptions, userKnownHostsFile } from './ssh-options.ts'

/** Compares the key that the server shows with known_hosts; never accepts a new one silently. */
export class HostKeyCheck {
  readonly #options: SshOptions
  readonly #questions: SshQuestions
  readonly #acceptedFingerprint: string | undefined
  readonly #name: string
  #knownHosts: ReturnType<typeof findKnownHosts> = []
  #newKey: HostKey | undefined
  refusal: UserError | undefined

  constructor(options: SshOptions, questions: SshQuestions, acceptedFingerprint: string | undefined) {
    this.#options = options
    this.#questions = questions
    this.#acceptedFingerprint = acceptedFingerprint
    this.#name = options.hostKeyAlias ?? knownHostName(options.hostname, options.port)
  }

  async load(): Promise<HostKey[]> {
    this.#knownHosts = findKnownHosts(await readKnownHosts(this.#options.knownHostsFiles), this.#name)
    return this.#knownHosts
  }

  async verify(offered: HostKey): Promise<boolean> {
    const shown = fingerprint(offered)
    switch (judgeHostKey(this.#knownHosts, offered)) {
      case 'known':
        return true
      case 'changed':
        this.refusal = deployError(
          'HOST_KEY_CHANGED',
          `the host key of ${this.#name} is not the recorded one: the server was reinstalled, or another machine answers for it (it shows ${offered.type} ${shown})`,
          `if you know why, remove the old key with: ssh-keygen -R ${this.#name} -f ${userKnownHostsFile(this.#options)}`,
        )
        return false
      case 'unknown':
        if (await this.#isAccepted(offered, shown)) {
          this.#newKey = offered
          return true
        }
        this.refusal = deployError(
          'HOST_KEY_UNKNOWN',
          `the host key of ${this.#name} is not known yet (${offered.type} ${shown})`,
          `compare it with the server's own and run again with: --host-key ${shown}`,
        )
        return false
    }
  }

  async #isAccepted(offered: HostKey, shown: string): Promise<boolean> {
    if (this.#acceptedFingerprint !== undefined) return this.#acceptedFingerprint === shown
    const { strictHostKeyChecking } = this.#options
    if (strictHostKeyChecking === 'accept-new' || strictHostKeyChecking === 'no') return true
    if (strictHostKeyChecking === 'yes') return false
    return this.#questions.acceptHostKey(this.#name, offered.type, shown)
  }

  /** Writes a new key that was accepted, so that nobody is asked again. */
  async record(): Promise<void> {
    if (!this.#newKey) return
    const file = userKnownHostsFile(this.#options)
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await appendFile(file, `${this.#name} ${this.#newKey.type} ${this.#newKey.base64}\n`, { mode: 0o600 })
  }
}

/** With the recorded key's type first, the server shows the key that can be compared. */
export function hostKeyAlgorithms(known: HostKey[]): ServerHostKeyAlgorithm[] {
  const types = [...new Set(known.map(({ type }) => type))]
  const algorithms = types.flatMap((type) => (type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', type] : [type]))
  return algorithms as ServerHostKeyAlgorithm[]
}
