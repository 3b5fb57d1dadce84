import type { IncomingHttpHeaders } from 'node:http'
import type { HeaderList } from '../header-list.ts'
import { type GatewaySettings, isLoopback } from '../settings.ts'

type CallerSettings = Pick<GatewaySettings, 'apiKeys' | 'corsOrigins' | 'allowedHosts'>

/** The names that libraries and their users read; `*` stands for all others where a browser knows it. */
const EXPOSED = [
  'x-request-id',
  'request-id',
  'x-upstream-request-id',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  ...['limit', 'remaining', 'reset'].flatMap((what) => [`x-ratelimit-${what}-requests`, `x-ratelimit-${what}-tokens`]),
  '*',
].join(', ')
const FOR_ALL: HeaderList = ['access-control-allow-origin', '*', 'access-control-expose-headers', EXPOSED]
const VARY: HeaderList = ['vary', 'origin']

/** Which pages in a browser may call the gateway, and by which names it may be called. */
export class Callers {
  readonly needsKey: boolean
  readonly #settings: CallerSettings

  constructor(settings: CallerSettings) {
    this.needsKey = settings.apiKeys.length > 0
    this.#settings = settings
  }

  /** False if every name is answered. */
  get hasHostRule(): boolean {
    return this.#settings.allowedHosts !== undefined
  }

  /** A page can give the gateway's address a name of its own, and would then be of the same origin as the gateway. */
  mayUseHost(host: string | undefined): boolean {
    const name = (host ?? '').toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
    const isOwn = isLoopback(name.replace(/^\[(.*)\]$/, '$1')) || name.endsWith('.localhost')
    return isOwn || (this.#settings.allowedHosts?.has(name) ?? true)
  }

  /** False if the request is refused before its key is read. */
  mayCall(headers: IncomingHttpHeaders): boolean {
    return (!this.hasHostRule || this.mayUseHost(headers.host)) && !this.isForeign(headers)
  }

  /** Without keys, a request of a page of another origin is refused: any page that is open on this machine could send it. */
  isForeign({ origin, host }: IncomingHttpHeaders): boolean {
    if (this.needsKey || origin === undefined || this.#isAllowedOrigin(origin)) return false
    return !URL.canParse(origin) || new URL(origin).host !== host
  }

  /** The headers by which a browser lets a page of this origin read an answer. */
  corsHeaders(origin: string | undefined): HeaderList {
    const { corsOrigins } = this.#settings
    if (corsOrigins === 'all') return FOR_ALL
    if (corsOrigins.size === 0) return []
    if (origin === undefined || !this.#isAllowedOrigin(origin)) return VARY
    return [...VARY, 'access-control-allow-origin', origin, 'access-control-expose-headers', EXPOSED]
  }

  #isAllowedOrigin(origin: string): boolean {
    const { corsOrigins } = this.#settings
    return corsOrigins === 'all' || corsOrigins.has(origin.toLowerCase())
  }
}
