import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import type { UserError } from '../../../kit/user-error.ts'
import { deployError } from '../../errors.ts'
import { findKnownHosts, fingerprint, type HostKey, hasAuthority, judgeHostKey, knownHostName } from './known-hosts.ts'
import type { SshQuestions } from './questions.ts'
import { readKnownHosts, type SshOptions, userKnownHostsFile } from './ssh-options.ts'

/** Compares the key that the server shows with known_hosts; never accepts a new one silently. */
export class HostKeyCheck {
  readonly #options: SshOptions
  readonly #questions: SshQuestions
  readonly #acceptedFingerprint: string | undefined
  readonly #name: string
  #knownHosts: ReturnType<typeof findKnownHosts> = []
  /** Entries without the port. As with OpenSSH they can only confirm a key. */
  #portless: ReturnType<typeof findKnownHosts> = []
  #hasAuthority = false
  #newKey: HostKey | undefined
  refusal: UserError | undefined

  constructor(options: SshOptions, questions: SshQuestions, acceptedFingerprint: string | undefined) {
    this.#options = options
    this.#questions = questions
    this.#acceptedFingerprint = acceptedFingerprint
    this.#name = options.hostKeyAlias ?? knownHostName(options.hostname, options.port)
  }

  /** @returns the keys that are recorded */
  async load(): Promise<HostKey[]> {
    const { hostname, hostKeyAlias, knownHostsFiles } = this.#options
    const text = await readKnownHosts(knownHostsFiles)
    this.#knownHosts = findKnownHosts(text, this.#name)
    this.#portless = hostKeyAlias === null ? findKnownHosts(text, hostname) : []
    this.#hasAuthority = hasAuthority(text, this.#name)
    return [...this.#knownHosts, ...this.#portless]
  }

  async verify(offered: HostKey): Promise<boolean> {
    const shown = fingerprint(offered)
    const verdict = judgeHostKey(this.#knownHosts, offered)
    const isConfirmed = verdict === 'unknown' && judgeHostKey(this.#portless, offered) === 'known'
    switch (isConfirmed ? 'known' : verdict) {
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
          this.#hasAuthority
            ? `known_hosts names an authority that signs its certificate, which only OpenSSH reads: run again with --ssh-command ssh`
            : `compare it with what this shows on the server: ${showHostKey(offered.type)}; then run again with: --host-key ${shown}`,
        )
        return false
    }
  }

  async #isAccepted(offered: HostKey, shown: string): Promise<boolean> {
    if (this.#acceptedFingerprint !== undefined) return this.#acceptedFingerprint === shown
    const { strictHostKeyChecking } = this.#options
    if (strictHostKeyChecking === 'accept-new' || strictHostKeyChecking === 'no') return true
    if (strictHostKeyChecking === 'yes') return false
    return this.#questions.acceptHostKey(this.#name, offered.type, shown, showHostKey(offered.type))
  }

  /** Writes a new key that was accepted, so that nobody is asked again. */
  async record(): Promise<void> {
    if (!this.#newKey) return
    const file = userKnownHostsFile(this.#options)
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await appendFile(file, `${this.#name} ${this.#newKey.type} ${this.#newKey.base64}\n`, { mode: 0o600 })
  }
}

/** Command that shows the fingerprint on the server itself. */
function showHostKey(type: string): string {
  const name = type.startsWith('ecdsa') ? 'ecdsa' : type.replace(/^ssh-/, '')
  return `ssh-keygen -lf /etc/ssh/ssh_host_${name}_key.pub`
}

/** All that ssh2 can, in its own order. */
const ALGORITHMS: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
]

/** Those of the recorded keys first, so that the server shows a key that can be compared. */
export function hostKeyAlgorithms(known: HostKey[]): ServerHostKeyAlgorithm[] {
  const types = new Set(known.map(({ type }) => type))
  const isKnown = (algorithm: string) => types.has(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm)
  return [...ALGORITHMS.filter(isKnown), ...ALGORITHMS.filter((algorithm) => !isKnown(algorithm))]
}
