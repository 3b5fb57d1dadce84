import type { LookupFunction } from 'node:net'
import { makeProbe, type Probe } from './probe.ts'
import { PROBE_TIMEOUT_MS, trusting } from './tls.ts'

/** How this machine sees the server. */
export interface OutsideView {
  /** Name -> address, instead of DNS. */
  resolve: Readonly<Record<string, string>>
  /** PEM certificates to trust in addition to the usual ones. */
  extraCa: string | null
  /** The chain of the certificate is not checked, since it comes from a CA for tests. */
  acceptsUntrusted?: boolean
}

export interface OutsideOptions extends OutsideView {
  /** https://name[:port] */
  url: string
  apiKey: string | null
  /** How long an answer may take (15 s). */
  timeoutMs?: number
}

/** As any client would, from this machine, with the chain checked. */
export function outsideProbe({ url, apiKey, timeoutMs = PROBE_TIMEOUT_MS, ...view }: OutsideOptions): Probe {
  const open = async () => {
    const { Agent } = await import('undici')
    return new Agent({ headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connect: connectFromHere(url, view) })
  }
  return makeProbe(open, url, { apiKey })
}

/** How undici connects to this URL as this machine sees it. */
export function connectFromHere(url: string, { resolve, extraCa, acceptsUntrusted = false }: OutsideView) {
  const { hostname } = new URL(url)
  const address = Object.hasOwn(resolve, hostname) ? resolve[hostname] : undefined
  const secureContext = extraCa === null ? undefined : trusting(extraCa)
  return {
    timeout: PROBE_TIMEOUT_MS,
    rejectUnauthorized: !acceptsUntrusted,
    ...(secureContext && { secureContext }),
    ...(address !== undefined && { lookup: fixedLookup(address) }),
  }
}

function fixedLookup(address: string): LookupFunction {
  const family = address.includes(':') ? 6 : 4
  return (_hostname, options, callback) => {
    if (options.all) callback(null, [{ address, family }])
    else callback(null, address, family)
  }
}
