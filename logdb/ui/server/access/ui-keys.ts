import { timingSafeEqual } from 'node:crypto'
import { sha256 } from '../../../../kit/sha256.ts'
import type { UiSettings } from '../ui-settings.ts'

/** Who makes a request, and what they may see. */
export interface Access {
  /** As the API names it: a viewer is a `user`. */
  role: 'user' | 'admin'
  /** Hash of the only API key whose requests may be seen; undefined for all requests. */
  key: string | undefined
  /** For the access log; never the key itself. */
  name: string
}

interface KnownKey {
  digest: Buffer
  access: Access
}

const SHORT_DIGITS = 8

/** The keys that may log in. */
export class UiKeys {
  readonly #keys: KnownKey[]

  constructor({ adminKeys, viewerKeys, gatewayKeys }: Pick<UiSettings, 'adminKeys' | 'viewerKeys' | 'gatewayKeys'>) {
    const own = (role: Access['role'], keys: readonly string[]) =>
      keys.map((key) => knownKey(key, { role, key: undefined, name: `${role} ${sha256(key).slice(0, SHORT_DIGITS)}` }))
    const ofGateway = gatewayKeys.flatMap(({ accepted, hash, name }) =>
      accepted.map((key) => knownKey(key, { role: 'user', key: hash, name: `key ${name ?? hash}` })),
    )
    this.#keys = [...own('admin', adminKeys), ...own('user', viewerKeys), ...ofGateway]
  }

  get isEmpty(): boolean {
    return this.#keys.length === 0
  }

  /** Takes the same time whichever key is given; the first that fits decides. */
  accessOf(key: string): Access | undefined {
    const digest = digestOf(key)
    const fitting = this.#keys.filter((known) => timingSafeEqual(known.digest, digest))
    return fitting[0]?.access
  }
}

function knownKey(key: string, access: Access): KnownKey {
  return { digest: digestOf(key), access }
}

function digestOf(key: string): Buffer {
  return Buffer.from(sha256(key), 'hex')
}
