import type { Duplex } from 'node:stream'
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls'
import { errorMessage } from '../../kit/user-error.ts'
import { failWhenSilent, trusting } from './tls.ts'

export interface CertificateState {
  isValid: boolean
  /** Why not; empty when valid. */
  reason: string
  /** As the certificate has it. */
  validUntil: string | null
  /** Traefik's own, which it shows while it has no other. */
  isPlaceholder: boolean
}

/** Checks the certificate that the edge shows for the domain. */
export async function checkCertificate(
  connect: () => Promise<Duplex>,
  domain: string,
  extraCa: string | null,
): Promise<CertificateState> {
  const stream = await connect()
  return new Promise((resolve) => {
    const socket = connectTls({
      socket: stream,
      servername: domain,
      rejectUnauthorized: false,
      ...(extraCa !== null && { secureContext: trusting(extraCa) }),
    })
    failWhenSilent(socket)
    const end = (state: CertificateState) => {
      socket.destroy()
      resolve(state)
    }
    socket.once('secureConnect', () => end(judge(socket)))
    socket.on('error', (error) =>
      end({ isValid: false, reason: errorMessage(error), validUntil: null, isPlaceholder: false }),
    )
  })
}

function judge(socket: TLSSocket): CertificateState {
  const certificate: PeerCertificate = socket.getPeerCertificate()
  const validUntil = certificate.valid_to ?? null
  const isPlaceholder = certificate.subject?.CN === 'TRAEFIK DEFAULT CERT'
  if (socket.authorized) return { isValid: true, reason: '', validUntil, isPlaceholder }
  return { isValid: false, reason: String(socket.authorizationError), validUntil, isPlaceholder }
}
