import { renderUiRoute } from '../../../templates/route.ts'
import type { Facts } from '../../server/facts.ts'
import { UI_PORT } from '../../server/layout.ts'
import { hasUi, type Manifest } from '../../server/manifest.ts'
import type { GatewayAddress } from '../address/gateway-address.ts'
import type { Change } from '../change.ts'
import type { Situation } from '../situation.ts'

/** The Logs UI of a release, before the release takes over. @param mayFail nothing may stop what it is part of */
export function startUiOf(
  { ui }: Facts,
  manifest: Manifest,
  gateway: GatewayAddress,
  mayFail = false,
): Change<'start-ui'> | undefined {
  if (!hasUi(manifest)) return undefined
  const { domain, formerDomains = [] } = gateway
  const route = renderUiRoute([domain, ...formerDomains.map((one) => one.domain)], UI_PORT)
  if (ui.release === manifest.id && ui.route === route) return undefined
  return { kind: 'start-ui', release: manifest.id, domain, route, isAgain: ui.release !== undefined, mayFail }
}

/** After the release took over, which may have been taken back. */
export function removeUiOf({ ui }: Facts, manifest: Manifest): Change<'remove-ui'> | undefined {
  return !hasUi(manifest) && (ui.hasContainers || ui.route !== undefined) ? { kind: 'remove-ui' } : undefined
}

export function startUi(situation: Situation): Change<'start-ui'> | undefined {
  const manifest = manifestAfter(situation)
  return manifest && startUiOf(situation.facts, manifest, situation.gateway)
}

export function removeUi(situation: Situation): Change<'remove-ui'> | undefined {
  const manifest = manifestAfter(situation)
  return manifest && removeUiOf(situation.facts, manifest)
}

function manifestAfter({ release, live }: Situation): Manifest | undefined {
  return release?.manifest ?? live?.manifest
}
