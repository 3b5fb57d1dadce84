import { rootCertificates, type TLSSocket } from 'node:tls'

export const PROBE_TIMEOUT_MS = 15_000

/** Ends a connection on which the other side never answers. */
export function failWhenSilent(socket: TLSSocket): void {
  socket.setTimeout(PROBE_TIMEOUT_MS, () => {
    socket.destroy(new Error(`no TLS answer within ${PROBE_TIMEOUT_MS / 1000} s`))
  })
}

/** PEM certificates to trust: the usual ones and these. */
export function trusted(extraCa: string): string[] {
  return [...rootCertificates, extraCa]
}
