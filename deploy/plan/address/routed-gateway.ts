import { S_PER_DAY } from '../../../kit/time.ts'
import { type FormerDomain, formerDomains, routeDomain } from '../../../templates/route.ts'
import type { ServerSettings } from '../../../templates/server-settings.ts'
import type { Facts } from '../../server/facts.ts'
import { certificateHold, needsCertificate } from './certificate-hold.ts'
import { type GatewayAddress, gatewayAddress } from './gateway-address.ts'
import { type OwnCertificateWishes, ownCertificateAfter } from './own-certificate.ts'

/** How long a name that was changed still answers at least. */
const FORMER_S = 7 * S_PER_DAY

interface AddressWishes extends OwnCertificateWishes {
  /** Names that the gateway had before do not answer any more. */
  dropsOldDomains?: boolean | undefined
}

/**
 * How clients reach the gateway, as the route file is to have it.
 */
export function routedGateway(
  facts: Facts,
  settings: ServerSettings,
  apiKeys: string | undefined,
  { dropsOldDomains: dropsOld = false, ...wishes }: AddressWishes = {},
): GatewayAddress {
  const own = ownCertificateAfter(facts, wishes)
  const then = { ...facts, ownCertificates: own === null ? [] : [own] }
  const former = dropsOld ? [] : keptDomains(then, settings)
  return {
    ...gatewayAddress(settings, apiKeys),
    ...(former.length > 0 && { formerDomains: former }),
    ...(certificateHold(then, settings) !== undefined && { isCertificateHeld: true }),
    ...(own !== null && { hasOwnCertificate: true }),
  }
}

/** A name that was changed answers for a week, and until the new one has its certificate. */
function keptDomains(facts: Facts, settings: ServerSettings): FormerDomain[] {
  const { route, clockS } = facts
  if (route === null) return []
  const isCertified = !needsCertificate(facts, settings)
  const kept = formerDomains(route).filter(({ untilS }) => untilS > clockS || !isCertified)
  const last = routeDomain(route)
  const renamed = last === null ? [] : [{ domain: last, untilS: clockS + FORMER_S }]
  const isOther = ({ domain }: FormerDomain) => domain !== settings.domain
  return [...kept.filter(({ domain }) => domain !== last), ...renamed].filter(isOther)
}

/** Names that the route file has and the gateway does not have any more. */
export function droppedDomains({ route }: Facts, { domain, formerDomains: kept = [] }: GatewayAddress): string[] {
  if (route === null) return []
  const present = [routeDomain(route), ...formerDomains(route).map((one) => one.domain)]
  const wanted = [domain, ...kept.map((one) => one.domain)]
  return present.filter((one) => one !== null).filter((one) => !wanted.includes(one))
}
