import { drainingReleases, type Facts, runningContainers } from '../../server/facts.ts'
import { readyReleases } from '../../server/find-live.ts'
import { releaseOf } from '../../server/instance.ts'
import { imageTag } from '../../server/manifest.ts'
import type { Change } from '../change.ts'
import { previousReleaseIfAny } from '../plan-rollback.ts'

/**
 * What no rollback needs: releases that never became ready, those beyond the newest, and images of none that stays. What is
 * live, what a rollback leads to and what still runs stays.
 * @param keepCount how many earlier releases stay
 */
export function planPrune(facts: Facts, keepCount: number): Change[] {
  const { live, manifests, containers, imageTags, hasTornFiles } = facts
  const liveId = live === null ? undefined : releaseOf(live)
  const earlier = readyReleases(facts).filter((id) => id !== liveId)
  const needed = [liveId, previousReleaseIfAny(facts)?.id, ...drainingReleases(facts), ...earlier.slice(0, keepCount)]
  const containersOf = (id: string) => containers.filter(({ release }) => release === id)
  const isKept = (id: string) => needed.includes(id) || runningContainers(containersOf(id)).length > 0
  const removed = manifests
    .filter(({ id }) => !isKept(id))
    .map(({ id }) => ({ release: id, containers: containersOf(id).map(({ name }) => name) }))
  const keptTags = manifests.filter(({ id }) => isKept(id)).map(({ image }) => imageTag(image))
  const tags = releaseTags(imageTags).filter((tag) => !keptTags.includes(tag))
  return [
    ...(hasTornFiles ? [{ kind: 'remove-torn', hasRoutes: false } as const] : []),
    ...(removed.length + tags.length > 0 ? [{ kind: 'prune', removed, tags, keptTags } as const] : []),
  ]
}

/** Takes the gateway off the server; its data only if it is said. Empty where there is nothing. */
export function planRemove(facts: Facts, removesData: boolean): Change[] {
  const { containers, edge, manifests, imageTags, live, backups, hasLogDatabases, env } = facts
  const hasEdge = edge.folder !== null || edge.composeFile !== null
  const isThere = containers.length + manifests.length > 0 || hasEdge
  const names = [...containers.map(({ name }) => name), ...(edge.folder === null ? [] : ['ai-proxy-edge'])]
  const tags = releaseTags(imageTags)
  const hasData = env !== null || backups.length > 0 || isThere
  return [
    ...(isThere ? [{ kind: 'remove-gateway', containers: names, tags, isLive: live !== null } as const] : []),
    ...(removesData && hasData ? [{ kind: 'remove-data', backups: backups.length, hasLogDatabases } as const] : []),
  ]
}

/** Tags that a deploy has given; others are somebody else's. */
function releaseTags(tags: readonly string[]): string[] {
  return [...new Set(tags)].filter((tag) => /^[0-9a-f]{12}$/.test(tag))
}
