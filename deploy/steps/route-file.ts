import { run } from '../host/host.ts'
import type { GatewayAddress } from '../plan/address/gateway-address.ts'
import { releaseId } from '../plan/release.ts'
import { liveTrouble } from '../plan/situation.ts'
import * as files from '../remote/files.ts'
import { putFile } from '../server/transfer.ts'
import type { Server, Undo } from './definition.ts'
import { awaitAnswer, ROUTE_TIMEOUT_MS } from './edge/edge-answer.ts'
import { withKeyOf } from './release-environment.ts'

/** Replaces the route file with one rename. The one that was there before the plan is kept next to it. */
export async function writeRoute(server: Server, text: string): Promise<void> {
  const { host, layout, facts } = server
  await putFile(host, layout.route, text, { copy: facts.route === null ? undefined : copyOf(server) })
}

export async function removeRoute({ host, layout }: Server): Promise<void> {
  await run(host, 'remove the route file', files.removeTree(layout.route))
}

/** While the route file names the new instance, that instance must keep running: so this guards what was done before. */
export function routeUndo(server: Server, gateway: GatewayAddress): Undo {
  return { what: 'put the route file back', action: () => restoreRoute(server, gateway), guardsEarlier: true }
}

/** Removes the copies, also those of deploys that were cut off. */
export async function dropRouteCopies({ host, layout }: Server): Promise<void> {
  await host.exec(files.dropCopies(layout.route))
}

/** One rename; it has no effect if the plan has not written the route. */
export async function putRouteBack(server: Server): Promise<void> {
  const { host, layout } = server
  await run(host, 'put the route file back', files.putBack(layout.route, copyOf(server)))
}

/** Waits for the edge to follow, so that nothing is sent to an instance that is about to be stopped. */
async function restoreRoute(server: Server, gateway: GatewayAddress): Promise<void> {
  const { host, facts } = server
  if (facts.route === null) {
    await removeRoute(server)
    return
  }
  await putRouteBack(server)
  // Where nothing answered before, nothing does now.
  if (facts.live === null || liveTrouble(facts) !== null || facts.predecessor?.isRunning) return
  const signal = AbortSignal.timeout(ROUTE_TIMEOUT_MS)
  const before = await withKeyOf(server, gateway, facts.live)
  await awaitAnswer({ host, signal }, before, facts.live).catch(() => {}) // It may not have answered before either.
}

/** One for each run: the changes of a plan that write the route share it, and the first of them fills it. */
function copyOf({ layout, now }: Server): string {
  return `${layout.route}.before-${releaseId(now)}`
}
