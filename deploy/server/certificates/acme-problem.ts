import { parseObject } from '../../../kit/json.ts'

/** Why the CA gave no certificate. */
export interface AcmeProblem {
  kind: (typeof KINDS)[number]['kind'] | 'other'
  /** What the CA or Traefik said. */
  says: string
  /** What the owner of the server can do, without a full stop. */
  remedy: string
  /** When the CA takes the next request, in seconds since 1970; undefined if it did not say so. */
  retryAtS?: number
}

/** Problem types of RFC 8555 (6.7) and errors of Go and Traefik, with what removes the cause. The first that matches wins. */
const KINDS = [
  {
    kind: 'rate-limited',
    pattern: /rateLimited|error: 429/,
    remedy: (domain: string) =>
      `the limit of the CA is used up: wait until it allows more, or take another name${alternativeTo(domain)}`,
  },
  {
    kind: 'dns',
    pattern: /acme:error:dns\b/,
    remedy: (domain: string) =>
      `make a DNS record of type A for ${domain} with the address of the server, and none of type AAAA that leads elsewhere`,
  },
  {
    kind: 'caa',
    pattern: /acme:error:caa\b/,
    remedy: (domain: string) =>
      `let the CA give certificates for ${domain}: add it to the CAA records in DNS, or remove them`,
  },
  {
    kind: 'unreachable',
    pattern: /acme:error:(connection|tls)\b/,
    remedy: (domain: string) =>
      `open port 80 of ${domain} to everybody, in the firewall of the server and in that of its provider`,
  },
  {
    kind: 'another-server',
    pattern: /acme:error:(unauthorized|incorrectResponse)\b/,
    remedy: (domain: string) =>
      `another server answers for ${domain} on port 80: lead the name to this server, also in its AAAA record`,
  },
  {
    kind: 'refused-name',
    pattern: /acme:error:(rejectedIdentifier|unsupportedIdentifier|malformed)\b/,
    remedy: (domain: string) => `the CA gives no certificates for ${domain}: take another name with --domain NAME`,
  },
  {
    kind: 'clock',
    pattern: /certificate has expired or is not yet valid/,
    remedy: () => 'set the clock of the server right: timedatectl set-ntp true',
  },
  {
    kind: 'store',
    pattern: /unable to get ACME account|are too open/,
    remedy: () => 'the edge cannot use its certificate store: run the deploy again, which repairs it',
  },
  {
    kind: 'ca-unreachable',
    pattern:
      /get directory at|no such host|connection refused|i\/o timeout|server misbehaving|unknown authority|connection reset|EOF/,
    remedy: () => 'the server cannot reach the CA: check its DNS and what its firewall lets out',
  },
] as const

/** @param log line of Traefik's log; empty if it says nothing */
export function acmeProblem(log: string, domain: string): AcmeProblem {
  const says = sayingOf(log)
  const found = KINDS.find(({ pattern }) => pattern.test(log))
  const retryAtS = readRetry(log)
  return {
    kind: found?.kind ?? 'other',
    says,
    remedy: found?.remedy(domain) ?? 'look at what the edge says: docker logs ai-proxy-edge',
    ...(retryAtS !== undefined && { retryAtS }),
  }
}

/** Each of the two services has its own limit. */
function alternativeTo(domain: string): string {
  if (domain.endsWith('.nip.io')) return ': --service sslip.io'
  return domain.endsWith('.sslip.io') ? ': --service nip.io' : ''
}

/** As Let's Encrypt writes it in its message, since Traefik does not show headers. */
function readRetry(log: string): number | undefined {
  const [, day, time] = /retry after (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)/i.exec(log) ?? []
  return day === undefined ? undefined : Date.parse(`${day}T${time}Z`) / 1000
}

function sayingOf(line: string): string {
  const entry = parseObject(line)
  return entry === undefined ? line : `${entry['error'] ?? entry['message'] ?? ''}`.trim()
}
