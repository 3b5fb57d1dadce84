import type { Duplex } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { makeProbe, type Probe, type ProbeIdentity } from './probe.ts'
import { failWhenSilent, PROBE_TIMEOUT_MS, serverName } from './tls.ts'

interface InsideOptions extends ProbeIdentity {
  /** How long an answer may take (15 s). */
  timeoutMs?: number
  domain: string
  /** Opens a connection to the server's own HTTPS port. */
  connect: () => Promise<Duplex>
}

/**
 * Through the real edge from inside the server, with SNI and Host set. SSH authenticates the way there, so the
 * certificate is not checked here; `checkCertificate` does that.
 */
export function insideProbe({ domain, connect, timeoutMs = PROBE_TIMEOUT_MS, ...identity }: InsideOptions): Probe {
  const open = async () => {
    const { Client } = await import('undici')
    return new Client(`https://${domain}`, {
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: (_options, callback) => {
        connect()
          .then((stream) => secure(stream, domain))
          .then(
            (socket) => callback(null, socket),
            (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
          )
      },
    })
  }
  return makeProbe(open, `https://${domain}`, identity)
}

function secure(stream: Duplex, domain: string): Promise<TLSSocket> {
  const servername = serverName(domain)
  return new Promise((resolve, reject) => {
    const socket = connectTls({ socket: stream, servername, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    failWhenSilent(socket)
    socket.once('secureConnect', () => resolve(socket.setTimeout(0))).on('error', reject)
  })
}
