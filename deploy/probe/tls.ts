import { isIP } from 'node:net'
import { createSecureContext, rootCertificates, type SecureContext, type TLSSocket } from 'node:tls'

/** What a client says of itself to the other side: addresses are never sent. */
export function serverName(domain: string): string {
  return isIP(domain) === 0 ? domain : ''
}

export const PROBE_TIMEOUT_MS = 15_000

/** Ends a connection on which the other side never answers. */
export function failWhenSilent(socket: TLSSocket): void {
  socket.setTimeout(PROBE_TIMEOUT_MS, () => {
    socket.destroy(new Error(`no TLS answer within ${PROBE_TIMEOUT_MS / 1000} s`))
  })
}

const contexts = new Map<string, SecureContext>()

/**
 * Trusts the usual certificates and these, in PEM. Reading some 140 certificates takes tens of milliseconds, so connections
 * share what was read.
 */
export function trusting(extraCa: string): SecureContext {
  const known = contexts.get(extraCa)
  if (known !== undefined) return known
  const context = createSecureContext({ ca: [...rootCertificates, extraCa] })
  contexts.set(extraCa, context)
  return context
}
