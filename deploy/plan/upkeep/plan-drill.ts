import { renderRoute } from '../../../templates/route.ts'
import { deployError } from '../../errors.ts'
import type { OutsideView } from '../../probe/outside-probe.ts'
import type { TrafficPace } from '../../probe/traffic.ts'
import { type Facts, hasImage, isUnrecorded, type LiveRelease, liveRelease } from '../../server/facts.ts'
import { containerName, releaseOf } from '../../server/instance.ts'
import { GATEWAY_PORT } from '../../server/layout.ts'
import type { GatewayAddress } from '../address/gateway-address.ts'
import type { Change } from '../change.ts'
import { checkEdgeOwner, checkSpace, MIN_FREE_FOR_RELEASE_BYTES } from '../preflight.ts'
import { liveTrouble } from '../situation.ts'
import { startRelease, switchTo } from '../take-over.ts'

export interface DrillWishes {
  /** How clients reach the gateway now, with a key of the live release. */
  gateway: GatewayAddress
  outside: OutsideView
  dialogId: string
  pace: DrillPace
  /** A restore is rehearsed first. */
  rehearsal?: Change<'rehearse-restore'> | undefined
}

export interface DrillPace {
  traffic: TrafficPace
  /** How long requests are sent before anything is changed. */
  beforeMs: number
  /** How long the other container answers. */
  answeringMs: number
}

/**
 * The live release runs once more, takes over as in a deploy, and the container that answered before takes over again as in a
 * rollback, while requests are sent. No release, backup or setting is added, so that afterwards all is as it was before: the
 * first switch is taken back if anything fails, the second one settles. @throws UserError DRILL_FAILED
 */
export function planDrill(facts: Facts, { gateway, outside, dialogId, pace, rehearsal }: DrillWishes): Change[] {
  const { instance: live } = requireWell(facts)
  if (rehearsal !== undefined) checkSpace(facts, MIN_FREE_FOR_RELEASE_BYTES)
  const address = routeNow(facts, gateway)
  const instance = unusedInstance(facts, releaseOf(live))
  return [
    ...(rehearsal === undefined ? [] : [rehearsal]),
    { kind: 'begin-traffic', gateway: address, outside, dialogId, pace: pace.traffic, beforeMs: pace.beforeMs },
    startRelease(facts, instance, { kind: 'drill' }),
    { kind: 'check-release', instance, gateway: address, why: '' },
    { ...switchTo(facts, instance, address), isWatched: true },
    { kind: 'watch-traffic', answeringMs: pace.answeringMs },
    switchTo(facts, live, address, ['back']),
    { kind: 'remove-instance', instance },
    { kind: 'end-traffic', instance, maxS: pace.traffic.maxS },
  ]
}

/** A drill repairs nothing, so there is none on a server that a deploy would repair. @throws UserError DRILL_FAILED */
function requireWell(facts: Facts): LiveRelease {
  checkEdgeOwner(facts)
  const live = liveRelease(facts)
  const trouble = liveTrouble(facts)
  if (live === null) throw notWell('no release is live there')
  if (trouble !== null) throw notWell(`the live release is ${trouble}`)
  if (!facts.edge.isRunning || (facts.edge.trouble ?? null) !== null)
    throw notWell('the edge does not run as it should')
  if (isUnrecorded(facts) || facts.isUnwatched || facts.hasTornFiles) throw notWell('a run was cut off there')
  if (!hasImage(facts, live.manifest.image)) throw notWell(`the image ${live.manifest.image} is not there any more`)
  return live
}

function notWell(why: string) {
  return deployError('DRILL_FAILED', `${why}, so nothing was drilled`, 'deploy first, which repairs what it finds')
}

/** The drill must put the route file back as it is. @throws UserError DRILL_FAILED */
function routeNow({ route, live }: Facts, gateway: GatewayAddress): GatewayAddress {
  const candidates = [gateway, { ...gateway, isCertificateHeld: !(gateway.isCertificateHeld ?? false) }]
  const found = candidates.find((one) => route === renderRoute({ ...one, live }, GATEWAY_PORT))
  if (found !== undefined) return found
  throw notWell('the route file is not as this version of ai-deploy writes it for the settings there')
}

/** Never one whose container exists, which would be lost: every container of before is there afterwards. */
function unusedInstance({ containers }: Facts, release: string): string {
  for (let n = 2; ; n++) {
    const instance = `${release}-${n}`
    if (!containers.some(({ name }) => name === containerName(instance))) return instance
  }
}
