import { setTimeout as delay } from 'node:timers/promises'
import { isoDay } from '../../../kit/time.ts'
import { deployError } from '../../errors.ts'
import { utcTime } from '../../plan/address/certificate-hold.ts'
import type { Change } from '../../plan/change.ts'
import { checkCertificate } from '../../probe/certificate.ts'
import * as docker from '../../remote/docker.ts'
import { attemptFor, renderAcmeAttempts, withFailure, without } from '../../server/certificates/acme-attempts.ts'
import { type AcmeProblem, acmeProblem } from '../../server/certificates/acme-problem.ts'
import type { StoredCertificate } from '../../server/certificates/certificate-store.ts'
import { EDGE_CONTAINER } from '../../server/layout.ts'
import { putFile } from '../../server/transfer.ts'
import type { Definition, Server } from '../definition.ts'

const TIMEOUT_MS = 120_000
const POLL_MS = 1000
const MS_PER_S = 1000

/** Traefik gets the certificate by itself; this waits, and shows what Traefik logs when it takes too long. */
export const getCertificate: Definition<'get-certificate'> = {
  describe: ({ domain }) => [`get a certificate for ${domain}`],
  explain: (change, { certificates }) => [describePresent(change.domain, certificates)],
  title: 'Get the certificate',
  async run(change, server) {
    const { domain, httpsPort, extraCa, acceptsUntrusted = false } = change
    const { host, facts, signal } = server
    const deadline = performance.now() + TIMEOUT_MS
    for (;;) {
      const state = await checkCertificate(() => host.connect(httpsPort), domain, extraCa)
      if (state.isValid || (acceptsUntrusted && state.isIssued)) {
        await forgetFailures(change, server)
        return `The certificate for ${domain} is valid until ${state.validUntil}`
      }
      const { stdout } = await host.exec(docker.acmeErrors(EDGE_CONTAINER, facts.clockS))
      const log = stdout.trim()
      if (log !== '' || performance.now() > deadline) {
        const problem = acmeProblem(log, domain)
        throw missing(domain, state.reason, problem, await recordFailure(change, server, problem))
      }
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

/** @returns when the name may be asked for again, in seconds since 1970 */
export async function recordFailure(
  name: Pick<Change<'get-certificate'>, 'domain' | 'caServer'>,
  { host, layout, facts, now }: Server,
  problem: AcmeProblem,
): Promise<number> {
  const { domain, caServer } = name
  // By the server's clock, which the next plan reads again.
  const atS = Math.round(facts.clockS + (Date.now() - now.getTime()) / MS_PER_S)
  const attempts = withFailure(facts.acmeAttempts, { domain, caServer }, problem, atS)
  await putFile(host, layout.acmeAttempts, renderAcmeAttempts(attempts))
  return attemptFor(attempts, name)?.retryAtS ?? atS
}

async function forgetFailures(name: Change<'get-certificate'>, { host, layout, facts }: Server): Promise<void> {
  if (attemptFor(facts.acmeAttempts, name) === undefined) return
  await putFile(host, layout.acmeAttempts, renderAcmeAttempts(without(facts.acmeAttempts, name)))
}

function missing(domain: string, reason: string, { says, remedy }: AcmeProblem, retryAtS: number) {
  return deployError(
    'CERTIFICATE_MISSING',
    `the gateway runs, but ${domain} has no valid certificate (${reason})${says === '' ? '' : `: ${says}`}`,
    `${remedy}; then run again, after ${utcTime(retryAtS)}`,
  )
}
