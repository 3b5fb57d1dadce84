import { isIP } from 'node:net'
import { S_PER_DAY } from '../../../kit/time.ts'
import { renderOwnCertificates } from '../../../templates/own-certificate.ts'
import { newestFirst } from '../../server/backup/backup-order.ts'
import { ownFiles } from '../address/own-certificate.ts'
import type { Change } from '../change.ts'
import type { Situation } from '../situation.ts'

export function placeCertificates({
  restore,
  hasNewCertificates,
}: Situation): Change<'place-certificates'> | undefined {
  if (restore === undefined || !hasNewCertificates) return undefined
  return { kind: 'place-certificates', source: `${restore.staging}/certs` }
}

/** Older ones hold no certificate that is valid still. */
const BACKUPS_SEARCHED = 10

/** A backup that brings certificates brings the whole folder. */
export function mendCertificates({
  facts,
  settings,
  hasNewCertificates,
}: Situation): Change<'mend-certificates'> | undefined {
  const { storeFaults: faults } = facts
  if (faults.length === 0 || hasNewCertificates) return undefined
  const isBroken = faults.some(({ kind }) => kind === 'content')
  const backups = isBroken ? newestFirst(facts.backups).map(({ name }) => name) : []
  return { kind: 'mend-certificates', faults, domain: settings.domain, backups: backups.slice(0, BACKUPS_SEARCHED) }
}

/** Traefik renews from this many seconds before the end on. */
const RENEWAL_S = 30 * S_PER_DAY

/** Only where the edge does not have port 80, and a CA is to be asked. */
export function certificateFirst(situation: Situation): Change<'certificate-first'> | undefined {
  const { facts, settings, freePorts: programs = [], edge: files, own, gateway } = situation
  const { domain, httpPort, acme } = settings
  if (programs.length === 0 || own !== null || httpPort === 80 || gateway.isCertificateHeld) return undefined
  const present = facts.certificates.filter((one) => one.file === acme.storage && one.domain === domain)
  const validUntilS = Math.max(0, ...present.map((one) => one.validUntilS ?? 0))
  if (validUntilS > facts.clockS + RENEWAL_S) return undefined
  const { caServer, storage } = acme
  return {
    ...{ kind: 'certificate-first', programs: [...programs], files, domain, caServer, storage },
    ...{ validUntilS: Math.max(validUntilS, facts.clockS), httpPort },
  }
}

/** Before the edge changes, so that it never is without a certificate. */
export function placeOwnCertificates(situation: Situation): Change<'place-own-certificates'> | undefined {
  const { facts, own, ownCertificate: given } = situation
  if (own === null) return undefined
  const config = renderOwnCertificates(ownFilesAfter(situation), isIP(situation.settings.domain) !== 0)
  const isThere = given?.file !== own.file || facts.ownCertificates.some(({ file }) => file === own.file)
  if (isThere && facts.ownCertificateConfig === config) return undefined
  const { file, names = [], validUntilS } = own
  return {
    ...{ kind: 'place-own-certificates', file, names, config, pem: isThere || !given ? null : given.pem },
    ...(validUntilS !== undefined && { validUntilS }),
    isFirst: facts.ownCertificates.length === 0,
  }
}

function ownFilesAfter({ facts, own, gateway: { formerDomains = [] } }: Situation): string[] {
  const former = formerDomains.map(({ domain }) => domain)
  return own === null ? [] : ownFiles(facts, own, former)
}

/** A restore with certificates has already replaced the folder. */
export function removeOwnCertificates(situation: Situation): Change<'remove-own-certificates'> | undefined {
  const { facts, own, hasNewCertificates } = situation
  const kept = ownFilesAfter(situation)
  const all = hasNewCertificates ? [] : facts.ownCertificates.map(({ file }) => file)
  const files = all.filter((file) => !kept.includes(file))
  const isConfigRemoved = own === null && facts.ownCertificateConfig !== null
  if (files.length === 0 && !isConfigRemoved) return undefined
  const hasNext = hasNewCertificates || !situation.needsCertificate
  return { kind: 'remove-own-certificates', files, isConfigRemoved, hasNext }
}

export function getCertificate(situation: Situation): Change<'get-certificate'> | undefined {
  const { needsCertificate, gateway, settings, outside } = situation
  if (!needsCertificate) return undefined
  const { domain, httpsPort } = gateway
  const { extraCa, acceptsUntrusted } = outside
  const { caServer } = settings.acme
  return {
    kind: 'get-certificate',
    domain,
    caServer,
    httpsPort,
    extraCa,
    ...(acceptsUntrusted && { acceptsUntrusted }),
  }
}

export function removePreviousCertificates({
  hasNewCertificates,
}: Situation): Change<'remove-previous-certificates'> | undefined {
  return hasNewCertificates ? { kind: 'remove-previous-certificates' } : undefined
}
