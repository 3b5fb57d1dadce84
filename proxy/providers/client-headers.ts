import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { isReservedHeader } from '../../kit/gateway-config/formats.ts'
import type { ApiName } from '../../kit/providers.ts'

/** Of the trace that the request belongs to, and of the conversation: agents use one of several names. */
export const COMMON_HEADERS: readonly string[] = [
  'idempotency-key',
  'traceparent',
  'tracestate',
  'session-id',
  'session_id',
  'thread-id',
  'conversation_id',
  'x-session-id',
  'x-session-affinity',
  'x-claude-code-session-id',
  'x-opencode-session',
]

/** For OpenAI, and for servers that do as it does. */
export const OPENAI_HEADERS: readonly string[] = [
  ...COMMON_HEADERS,
  'openai-beta',
  'openai-organization',
  'openai-project',
  'x-client-request-id',
  'x-codex-*',
]
/** In addition, what belongs to one API, whichever provider serves it. */
const HEADERS_OF_API: Partial<Record<ApiName, readonly string[]>> = { messages: ['anthropic-beta'] }
const QUERY_OF_API: Partial<Record<ApiName, readonly string[]>> = { messages: ['beta'] }

/** Choose the account that pays, which may be one that the gateway's key does not belong to. */
const ACCOUNT_HEADERS = ['openai-organization', 'openai-project']

export interface ClientHeadersOptions {
  /** Names, or beginnings that end with `*`, in lower case. */
  byDefault: readonly string[]
  /** Those of config.yml, which are added to the default ones and taken away from them. */
  pass: readonly string[]
  drop: readonly string[]
  passQuery: readonly string[]
}

/** What a provider gets of the headers and of the query that a client sent. */
export class ClientHeaders {
  readonly #options: ClientHeadersOptions
  readonly #ofApi = new Map<ApiName, Patterns>()

  constructor(options: ClientHeadersOptions) {
    this.#options = options
  }

  headers(api: ApiName, client: IncomingHttpHeaders): Record<string, string> {
    const { names, beginnings } = this.#patterns(api)
    const passed: Record<string, string> = {}
    for (const name in client) {
      const mayPass = names.has(name) || (beginnings.some((start) => name.startsWith(start)) && this.#mayPass(name))
      if (mayPass) passed[name] = String(client[name])
    }
    return passed
  }

  /** With the question mark; empty if nothing of the query passes. */
  query(api: ApiName, { url = '' }: IncomingMessage): string {
    const at = url.indexOf('?')
    if (at === -1) return ''
    const names = [...(QUERY_OF_API[api] ?? []), ...this.#options.passQuery]
    const passed = [...new URLSearchParams(url.slice(at + 1))].filter(([name]) => names.includes(name))
    return passed.length === 0 ? '' : `?${new URLSearchParams(passed)}`
  }

  #patterns(api: ApiName): Patterns {
    const known = this.#ofApi.get(api)
    if (known) return known
    const { byDefault, pass } = this.#options
    const all = [...new Set([...byDefault, ...(HEADERS_OF_API[api] ?? []), ...pass])]
    const [beginnings, names] = [all.filter(isBeginning), all.filter((pattern) => !isBeginning(pattern))]
    const patterns = {
      names: new Set(names.filter((name) => this.#mayPass(name))),
      beginnings: beginnings.map((pattern) => pattern.slice(0, -1)),
    }
    this.#ofApi.set(api, patterns)
    return patterns
  }

  #mayPass(name: string): boolean {
    return !isReservedHeader(name) && !this.#options.drop.some((pattern) => matches(pattern, name))
  }
}

interface Patterns {
  names: ReadonlySet<string>
  beginnings: string[]
}

/** The client has chosen an account, so a refusal does not mean that the key is bad. */
export function choosesAccount(passed: Record<string, string>): boolean {
  return ACCOUNT_HEADERS.some((name) => passed[name] !== undefined)
}

function isBeginning(pattern: string): boolean {
  return pattern.endsWith('*')
}

function matches(pattern: string, name: string): boolean {
  return isBeginning(pattern) ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
