import { setTimeout as delay } from 'node:timers/promises'
import { isoDay } from '../../../kit/time.ts'
import { deployError } from '../../errors.ts'
import { checkCertificate } from '../../probe/certificate.ts'
import * as docker from '../../remote/docker.ts'
import type { StoredCertificate } from '../../server/certificate-store.ts'
import { EDGE_CONTAINER } from '../../server/layout.ts'
import type { Definition } from '../definition.ts'

const TIMEOUT_MS = 120_000
const POLL_MS = 1000
const MS_PER_S = 1000

/** Traefik gets the certificate by itself; this waits, and shows what Traefik logs when it takes too long. */
export const getCertificate: Definition<'get-certificate'> = {
  describe: ({ domain }) => [`get a certificate for ${domain}`],
  explain: (change, { certificates }) => [describePresent(change.domain, certificates)],
  title: 'Get the certificate',
  async run({ domain, httpsPort, extraCa }, { host, facts, signal }) {
    const deadline = performance.now() + TIMEOUT_MS
    for (;;) {
      const state = await checkCertificate(() => host.connect(httpsPort), domain, extraCa)
      if (state.isValid) return `The certificate for ${domain} is valid until ${state.validUntil}`
      const { stdout } = await host.exec(docker.acmeErrors(EDGE_CONTAINER, facts.clockS))
      if (stdout.trim() !== '' || performance.now() > deadline) throw missing(domain, state.reason, stdout.trim())
      await delay(POLL_MS, undefined, { signal })
    }
  },
  undo: () => undefined,
  settles: 'before',
}

function describePresent(wanted: string, certificates: readonly StoredCertificate[]): string {
  if (certificates.length === 0) return 'there is none yet'
  const { validUntilS } = certificates.find(({ domain }) => domain === wanted) ?? {}
  if (validUntilS !== undefined) return `the present one is valid until ${isoDay(validUntilS * MS_PER_S)} only`
  return `there are only some for ${certificates.map(({ domain }) => domain).join(', ')}`
}

function missing(domain: string, reason: string, log: string) {
  return deployError(
    'CERTIFICATE_MISSING',
    `the gateway runs, but ${domain} has no valid certificate (${reason})${log === '' ? '' : `: ${acmeError(log)}`}`,
    'make sure that the name leads to this server and that port 80 is open, then run again',
  )
}

/** What a line of Traefik's log says. */
function acmeError(log: string): string {
  try {
    const entry: { error?: string; message?: string } = JSON.parse(log)
    return `${entry.error ?? entry.message}`
  } catch {
    return log
  }
}
