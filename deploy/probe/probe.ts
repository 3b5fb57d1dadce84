import type { LookupFunction } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type PeerCertificate, rootCertificates, type TLSSocket } from 'node:tls'
import { Agent, Client, type Dispatcher } from 'undici'
import { errorMessage } from '../../kit/user-error.ts'
import { CANARY_HEADER, RELEASE_HEADER } from '../server/layout.ts'

export interface ProbeAnswer {
  status: number
  /** Instance that answered, by its header; null when something else did. */
  release: string | null
  body: string
}

/** Asks one gateway through HTTPS. */
export interface Probe {
  get(path: string): Promise<ProbeAnswer>
  post(path: string, body: unknown): Promise<ProbeAnswer>
  close(): Promise<void>
}

const PROBE_TIMEOUT_MS = 15_000

interface InsideOptions {
  domain: string
  /** Opens a connection to the server's own HTTPS port. */
  connect: () => Promise<Duplex>
  canary?: string
  apiKey?: string | null
}

/**
 * Through the real edge from inside the server, with SNI and Host set. The certificate is not looked at: the way there
 * is authenticated by SSH, and the certificate is checked apart.
 */
export function insideProbe({ domain, connect, canary, apiKey }: InsideOptions): Probe {
  const client = new Client(`https://${domain}`, {
    headersTimeout: PROBE_TIMEOUT_MS,
    bodyTimeout: PROBE_TIMEOUT_MS,
    connect: (_options, callback) => {
      connect()
        .then((stream) => secure(stream, domain))
        .then(
          (socket) => callback(null, socket),
          (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
        )
    },
  })
  return probe(client, `https://${domain}`, requestHeaders(apiKey, canary))
}

function secure(stream: Duplex, servername: string): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ socket: stream, servername, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
    failWhenSilent(socket)
    socket.once('secureConnect', () => resolve(socket.setTimeout(0))).on('error', reject)
  })
}

/** Something that takes connections and says nothing must not be waited for without end. */
function failWhenSilent(socket: TLSSocket): void {
  socket.setTimeout(PROBE_TIMEOUT_MS, () => {
    socket.destroy(new Error(`no TLS answer within ${PROBE_TIMEOUT_MS / 1000} s`))
  })
}

export interface OutsideOptions {
  /** https://name[:port] */
  url: string
  apiKey: string | null
  /** Name -> address, instead of DNS. */
  resolve: ReadonlyMap<string, string>
  /** PEM certificates to trust beside the usual ones. */
  extraCa: string | null
}

/** As any client would, from this machine, with the chain checked. */
export function outsideProbe({ url, apiKey, resolve, extraCa }: OutsideOptions): Probe {
  const address = resolve.get(new URL(url).hostname)
  const agent = new Agent({
    headersTimeout: PROBE_TIMEOUT_MS,
    bodyTimeout: PROBE_TIMEOUT_MS,
    connect: {
      timeout: PROBE_TIMEOUT_MS,
      ...(extraCa !== null && { ca: trusted(extraCa) }),
      ...(address !== undefined && { lookup: fixedLookup(address) }),
    },
  })
  return probe(agent, url, requestHeaders(apiKey))
}

function fixedLookup(address: string): LookupFunction {
  const family = address.includes(':') ? 6 : 4
  return (_hostname, options, callback) => {
    if (options.all) callback(null, [{ address, family }])
    else callback(null, address, family)
  }
}

function requestHeaders(apiKey?: string | null, canary?: string): Record<string, string> {
  return { ...(apiKey && { authorization: `Bearer ${apiKey}` }), ...(canary && { [CANARY_HEADER]: canary }) }
}

function probe(dispatcher: Dispatcher, origin: string, headers: Record<string, string>): Probe {
  const request = async (method: 'GET' | 'POST', path: string, body?: unknown): Promise<ProbeAnswer> => {
    const answer = await dispatcher.request({
      origin,
      path,
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const release = answer.headers[RELEASE_HEADER]
    return {
      status: answer.statusCode,
      release: typeof release === 'string' ? release : null,
      body: await answer.body.text(),
    }
  }
  return {
    get: (path) => request('GET', path),
    post: (path, body) => request('POST', path, body),
    close: () => dispatcher.destroy(),
  }
}

export interface CertificateState {
  valid: boolean
  /** Why not; empty when valid. */
  reason: string
  /** As the certificate says it. */
  validUntil: string | null
}

/** Looks at the certificate that the edge shows for the domain. */
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
      ...(extraCa !== null && { ca: trusted(extraCa) }),
    })
    failWhenSilent(socket)
    const end = (state: CertificateState) => {
      socket.destroy()
      resolve(state)
    }
    socket.once('secureConnect', () => end(judge(socket)))
    socket.on('error', (error) => end({ valid: false, reason: errorMessage(error), validUntil: null }))
  })
}

function judge(socket: TLSSocket): CertificateState {
  const certificate: PeerCertificate = socket.getPeerCertificate()
  const validUntil = certificate.valid_to ?? null
  if (socket.authorized) return { valid: true, reason: '', validUntil }
  return { valid: false, reason: String(socket.authorizationError), validUntil }
}

function trusted(extraCa: string): string[] {
  return [...rootCertificates, extraCa]
}
