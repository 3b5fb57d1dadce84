import type { Duplex } from 'node:stream'
import { checkServerIdentity, connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls'
import { errorMessage } from '../../kit/user-error.ts'
import { failWhenSilent, serverName, trusting } from './tls.ts'

export interface CertificateState {
  isValid: boolean
  /** Why not; empty when valid. */
  reason: string
  /** As the certificate has it. */
  validUntil: string | null
  /** Common name or organization of who signed it. */
  issuer: string | null
  /** A CA has issued it for this name and it is valid now, whether or not its chain is trusted. */
  isIssued: boolean
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
      servername: serverName(domain),
      // Without a name that is sent Node would compare another one.
      checkServerIdentity: (_host, certificate) => checkServerIdentity(domain, certificate),
      rejectUnauthorized: false,
      ...(extraCa !== null && { secureContext: trusting(extraCa) }),
    })
    failWhenSilent(socket)
    const end = (state: CertificateState) => {
      socket.destroy()
      resolve(state)
    }
    socket.once('secureConnect', () => end(judge(socket, domain)))
    socket.on('error', (error) => end({ isValid: false, reason: errorMessage(error), ...NOTHING_SHOWN }))
  })
}

const NOTHING_SHOWN = { validUntil: null, issuer: null, isIssued: false, isPlaceholder: false }

function judge(socket: TLSSocket, domain: string): CertificateState {
  const certificate: PeerCertificate = socket.getPeerCertificate()
  const issuer = String(certificate.issuer?.CN ?? certificate.issuer?.O ?? '') || null
  const validUntil = certificate.valid_to ?? null
  const isPlaceholder = certificate.subject?.CN === 'TRAEFIK DEFAULT CERT'
  const isTimely = Date.parse(validUntil ?? '') > Date.now()
  const isIssued = !isPlaceholder && isTimely && checkServerIdentity(domain, certificate) === undefined
  const shown = { validUntil, issuer, isIssued, isPlaceholder }
  if (socket.authorized) return { isValid: true, reason: '', ...shown }
  return { isValid: false, reason: String(socket.authorizationError), ...shown }
}
