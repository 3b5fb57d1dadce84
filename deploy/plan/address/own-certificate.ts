import { S_PER_DAY } from '../../../kit/time.ts'
import { formerDomains, routeDomain } from '../../../templates/route.ts'
import type { ServerSettings } from '../../../templates/server-settings.ts'
import { deployError } from '../../errors.ts'
import { coversName, type OwnCertificate } from '../../server/certificates/own-certificates.ts'
import type { Facts } from '../../server/facts.ts'

/** What a run wants to do with the owner's certificate. */
export interface OwnCertificateWishes {
  /** A pair of the user takes effect; null goes back to the CA, undefined leaves it as it is. */
  ownCertificate?: GivenCertificate | null | undefined
  restore?: { certificates: readonly string[] } | undefined
}

export interface GivenCertificate extends OwnCertificate {
  /** Certificates and key, in PEM. */
  pem: string
}

/** The owner's certificate that the gateway has after the run; null if it has one of the CA. */
export function ownCertificateAfter(facts: Facts, wishes: OwnCertificateWishes = {}): OwnCertificate | null {
  const { ownCertificate: given, restore } = wishes
  if (given !== undefined) return given
  if (restore === undefined || restore.certificates.length === 0) return facts.ownCertificates[0] ?? null
  const file = restore.certificates.map((member) => member.split('/').at(-1)).find((name) => name?.startsWith('own-'))
  return file === undefined ? null : { file }
}

/**
 * Traefik chooses by chance between two certificates for one name: one of the CA that it keeps must not be read where the
 * owner gives another one.
 */
export function readsStore({ certificates }: Facts, { domain, acme }: ServerSettings, own: OwnCertificate | null) {
  return own === null || !certificates.some((one) => one.file === acme.storage && one.domain === domain)
}

/** True if clients see a certificate of the staging CA, which they do not trust. */
export function isStaged({ acme }: ServerSettings, own: OwnCertificate | null | undefined): boolean {
  return acme.isStaging && !own
}

/** Files in certs/ that the edge reads: the one in use, and earlier ones while names that they cover still answer. */
export function ownFiles(facts: Facts, own: OwnCertificate, former: readonly string[]): string[] {
  const uncovered = former.filter((name) => !coversName(own, name))
  const earlier = facts.ownCertificates.filter(
    (one) => one.file !== own.file && uncovered.some((name) => coversName(one, name)),
  )
  return [own.file, ...earlier.map(({ file }) => file)]
}

/** @throws UserError CONFIG_INVALID if the owner's certificate does not fit the name */
export function checkOwnCertificate(own: OwnCertificate | null, domain: string): void {
  if (own === null || own.names === undefined || coversName(own, domain)) return
  throw deployError(
    'CONFIG_INVALID',
    `your certificate on the server is for ${own.names.join(', ') || 'no name'}, not for ${domain}`,
    'give another one with --cert FILE --key FILE, or let the CA issue one with --no-cert',
  )
}

/** Days before the end of a certificate that does not renew itself from which on a run says so. */
const RENEWAL_DAYS = 20

/** Sentences without a full stop. */
export function ownWarnings(facts: Facts, settings: ServerSettings, own: OwnCertificate | null): string[] {
  if (own === null) return []
  const former = uncoveredNames(facts, settings, own)
  const names = former.join(' and ')
  return [
    ...endWarnings(own, facts.clockS),
    ...(former.length === 0
      ? []
      : [`clients of ${names} see a certificate that they do not trust, since yours is not for it`]),
  ]
}

/** Sentences without a full stop. */
export function endWarnings({ validUntilS }: OwnCertificate, clockS: number): string[] {
  if (validUntilS === undefined || validUntilS > clockS + RENEWAL_DAYS * S_PER_DAY) return []
  const days = Math.floor((validUntilS - clockS) / S_PER_DAY)
  const end = validUntilS > clockS ? `ends in ${days} ${days === 1 ? 'day' : 'days'}` : 'has ended'
  return [`your certificate ${end} and does not renew itself: ai-deploy https --cert FILE --key FILE gives a newer one`]
}

/** Of a certificate that was issued while the edge had port 80. Sentences without a full stop. */
export function lentWarnings(facts: Facts, { domain, acme, httpPort }: ServerSettings): string[] {
  const present = facts.certificates.filter((one) => one.file === acme.storage && one.domain === domain)
  const ends = present.flatMap(({ validUntilS }) => validUntilS ?? [])
  const end = Math.max(...ends)
  if (httpPort === 80 || ends.length === 0 || end > facts.clockS + RENEWAL_DAYS * S_PER_DAY) return []
  const days = Math.floor((end - facts.clockS) / S_PER_DAY)
  return [
    `the certificate of ${domain} ends in ${days} days and does not renew itself while HTTP_PORT is ${httpPort}: ai-deploy https --free-ports PROGRAMS gets a newer one`,
  ]
}

/** Former names whose certificates are not read, because the store of the CA is not. */
function uncoveredNames(facts: Facts, settings: ServerSettings, own: OwnCertificate): string[] {
  if (readsStore(facts, settings, own) || facts.route === null) return []
  const names = [routeDomain(facts.route), ...formerDomains(facts.route).map(({ domain }) => domain)]
  const others = names.filter((name) => name !== null).filter((name) => name !== settings.domain)
  const files = ownFiles(facts, own, others)
  const read = [own, ...facts.ownCertificates.filter(({ file }) => files.includes(file))]
  return others.filter((name) => !read.some((one) => coversName(one, name)))
}
