import { routeDomain } from '../../../templates/route.ts'
import type { Facts } from '../../server/facts.ts'
import type { Change } from '../change.ts'
import type { Situation } from '../situation.ts'
import { certificateFirst, mendCertificates } from './decide-certificates.ts'

export function returnPorts({ facts: { freedPorts: programs } }: Situation): Change<'return-ports'> | undefined {
  return programs.length === 0 ? undefined : { kind: 'return-ports', programs: [...programs] }
}

/** The Python gateway has the ports. */
export function isAdopting({ predecessor }: Facts): boolean {
  return predecessor?.isRunning ?? false
}

export function takePorts({ facts, edge: files, instance, gateway }: Situation): Change<'take-ports'> | undefined {
  if (!isAdopting(facts)) return undefined
  const connections = facts.predecessor?.connections ?? 0
  return { kind: 'take-ports', files, instance, gateway, connections, why: 'took over from the Python gateway' }
}

/** Also where a run was cut off before it. */
export function stopPredecessor({ facts, settings: { uid, gid } }: Situation): Change<'stop-predecessor'> | undefined {
  const isLeft = facts.live !== null && (facts.predecessor?.isLeft ?? false)
  return isAdopting(facts) || isLeft ? { kind: 'stop-predecessor', uid, gid } : undefined
}

/** One that runs and is only to change is replaced instead. */
export function startEdge(situation: Situation): Change<'start-edge'> | undefined {
  const { facts, edge, isEdgeOutdated, isEdgeStarted, gateway } = situation
  if (!isEdgeStarted || isAdopting(facts)) return undefined
  return {
    kind: 'start-edge',
    files: isEdgeOutdated ? edge : null,
    isFirst: facts.edge.composeFile === null,
    isInterrupted: facts.edge.isRunning,
    trouble: facts.edge.trouble ?? null,
    gateway,
    expects: answeringInstance(situation),
  }
}

export function settleEdge(situation: Situation): Change<'settle-edge'> | undefined {
  if (!situation.facts.edge.isHandedOver) return undefined
  return { kind: 'settle-edge', gateway: situation.gateway, expects: answeringInstance(situation) }
}

/** Traefik reads its settings and certificates only when it starts. */
export function replaceEdge(situation: Situation): Change<'replace-edge'> | undefined {
  const { facts, edge: files, isEdgeStarted, isEdgeOutdated, hasNewCertificates, gateway } = situation
  const isRead = mendCertificates(situation) !== undefined || certificateFirst(situation) !== undefined
  const hasOtherStore = hasNewCertificates || isRead
  if (isEdgeStarted || !(isEdgeOutdated || hasOtherStore)) return undefined
  return {
    kind: 'replace-edge',
    files,
    reason: isEdgeOutdated ? 'settings' : 'certificates',
    obstacle: handoverObstacle(situation),
    isIpv6Cut: facts.interfaces.some((address) => address.includes(':')),
    gateway,
    expects: answeringInstance(situation),
  }
}

/** Why a second edge cannot take the connections; null if it can. It gets no certificate itself. */
function handoverObstacle(situation: Situation): string | null {
  const { facts, settings, hasNewCertificates, own } = situation
  const domain = facts.route && routeDomain(facts.route)
  const { storage } = settings.acme
  const isFirst = certificateFirst(situation) !== undefined
  const isCertified = facts.certificates.some((one) => one.file === storage && one.domain === domain)
  if (!facts.edge.canHandOver) return 'Docker does not lead connections there with iptables'
  return isCertified || hasNewCertificates || own !== null || isFirst
    ? null
    : `${storage} has no certificate for a second one`
}

/** Traefik asks for a certificate again only when its routes change. */
export function askAgain(situation: Situation): Change<'ask-again'> | undefined {
  const { release, isRouteOutdated, needsCertificate } = situation
  const isAsked =
    isAdopting(situation.facts) || startEdge(situation) !== undefined || replaceEdge(situation) !== undefined
  if (isAsked || !needsCertificate || release !== null || isRouteOutdated) return undefined
  return { kind: 'ask-again' }
}

/** Instance that answers now, as far as it can be expected to. */
function answeringInstance({ facts, liveTrouble, isRouteCurrent }: Situation): string | null {
  return liveTrouble === null && isRouteCurrent ? facts.live : null
}
