import { renderEdgeCompose, renderTraefikConfig } from '../../templates/edge.ts'
import type { ServerSettings } from '../../templates/server-settings.ts'
import { EDGE_CONTAINER, EDGE_NETWORK } from '../server/layout.ts'

/** Contents of the files in edge/, except the route file. */
export interface EdgeFiles {
  compose: string
  traefik: string
  acmeCa: string | null
}

/**
 * @param acmeCa PEM that the edge must trust for the ACME directory
 * @param readsStore false for an edge that has nothing to do with a CA
 */
export function edgeFiles(
  settings: ServerSettings,
  traefikBase: string,
  acmeCa: string | null,
  readsStore = true,
): EdgeFiles {
  const traefik = renderTraefikConfig(traefikBase, settings, readsStore)
  const compose = renderEdgeCompose({
    settings,
    traefikConfig: traefik,
    acmeCa,
    container: EDGE_CONTAINER,
    network: EDGE_NETWORK,
  })
  return { compose, traefik, acmeCa }
}
