import type { ServerSettings } from '../../templates/server-settings.ts'
import { ownCertificateAfter, readsStore } from '../plan/address/own-certificate.ts'
import { routedGateway } from '../plan/address/routed-gateway.ts'
import type { Change } from '../plan/change.ts'
import { edgeFiles } from '../plan/edge-files.ts'
import { planRollback, rollbackInstance } from '../plan/plan-rollback.ts'
import type { OpenServer } from '../session/open-server.ts'
import type { Fallback } from '../session/run-plan.ts'
import { environmentOf } from '../steps/release-environment.ts'

/** What the plan says is done if the live release cannot be put to work again; undefined if it says nothing of that. */
export function fallbackOf(
  changes: readonly Change[],
  { connection, layout }: OpenServer,
  settings: ServerSettings,
  traefikBase: string,
): Fallback | undefined {
  const id = changes.map(namedFallback).find((release) => release !== null) ?? null
  if (id === null) return undefined
  return {
    release: id,
    async plan(facts) {
      const release = facts.manifests.find((manifest) => manifest.id === id)
      if (release === undefined) return []
      const then = await environmentOf({ host: connection.host, layout }, rollbackInstance(facts, id))
      const gateway = routedGateway(facts, settings, then?.['API_KEYS'])
      const edge = edgeFiles(
        settings,
        traefikBase,
        facts.edge.acmeCa,
        readsStore(facts, settings, ownCertificateAfter(facts)),
      )
      return planRollback(facts, { release, gateway, edge, warmS: 0 })
    },
  }
}

function namedFallback(change: Change): string | null {
  if (change.kind === 'watch') return change.again?.fallback ?? null
  return change.kind === 'start-release' && change.reason.kind === 'broken' ? change.reason.fallback : null
}
