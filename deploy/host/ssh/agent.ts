import ssh2, { type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2'

const { BaseAgent, OpenSSHAgent } = ssh2

/** The keys of an agent; none if it cannot be asked. */
export function agentKeys(socket: string): Promise<ParsedKey[]> {
  return new Promise((resolve) => {
    new OpenSSHAgent(socket).getIdentities((error, keys = []) => {
      resolve(error ? [] : keys.map(parsed).filter((key) => key !== null))
    })
  })
}

/** As in known_hosts. */
export function publicKeyOf(key: ParsedKey): string {
  return key.getPublicSSH().toString('base64')
}

/** An agent that offers only some of its keys. */
export class ChosenKeys extends BaseAgent<ParsedKey> {
  readonly #agent: InstanceType<typeof OpenSSHAgent>
  readonly #keys: ParsedKey[]

  constructor(socket: string, keys: ParsedKey[]) {
    super()
    this.#agent = new OpenSSHAgent(socket)
    this.#keys = keys
  }

  override getIdentities(done: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    done(undefined, this.#keys)
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    done?: SignCallback,
  ): void {
    if (typeof options === 'function') this.#agent.sign(key, data, options)
    else this.#agent.sign(key, data, options, done)
  }
}

function parsed(key: unknown): ParsedKey | null {
  const found = ssh2.utils.parseKey(key as Buffer)
  return found instanceof Error ? null : found
}
