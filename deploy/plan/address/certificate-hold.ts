import type { ServerSettings } from '../../../templates/server-settings.ts'
import { type AcmeAttempt, attemptFor } from '../../server/certificates/acme-attempts.ts'
import type { Facts } from '../../server/facts.ts'

/** True if the edge has no certificate for the domain that is valid now, and the owner gave none. */
export function needsCertificate(facts: Facts, { domain, acme }: ServerSettings): boolean {
  const { certificates, clockS, ownCertificates } = facts
  if (ownCertificates.length > 0) return false
  return !certificates.some(
    ({ file, domain: name, validUntilS = clockS + 1 }) =>
      file === acme.storage && name === domain && validUntilS > clockS,
  )
}

/** The attempt after which the name is not asked for yet; undefined if it may be asked for, or need not be. */
export function certificateHold(facts: Facts, settings: ServerSettings): AcmeAttempt | undefined {
  const { domain, acme } = settings
  const attempt = attemptFor(facts.acmeAttempts, { domain, caServer: acme.caServer })
  return attempt !== undefined && attempt.retryAtS > facts.clockS && needsCertificate(facts, settings)
    ? attempt
    : undefined
}

/** Sentences without a full stop. */
export function holdWarnings(hold: AcmeAttempt | undefined): string[] {
  if (hold === undefined) return []
  const { domain, count, retryAtS, says } = hold
  const times = count === 1 ? 'failed' : `failed ${count} times`
  return [
    `no certificate for ${domain} is asked for before ${utcTime(retryAtS)}, so that the limits of the CA are not used up: the last attempt ${times} (${says || 'without a reason'})`,
  ]
}

/** @param timeS seconds since 1970 */
export function utcTime(timeS: number): string {
  return `${new Date(timeS * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
