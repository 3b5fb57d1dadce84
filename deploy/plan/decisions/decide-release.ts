import { liveInstance, routeDomain } from '../../../templates/route.ts'
import { hasImage, leftovers, runningContainers } from '../../server/facts.ts'
import { releaseOf } from '../../server/instance.ts'
import { imageTag, type Manifest } from '../../server/manifest.ts'
import { droppedDomains } from '../address/routed-gateway.ts'
import type { Change } from '../change.ts'
import { fallbackRelease } from '../plan-rollback.ts'
import { imagePlatform } from '../preflight.ts'
import { changedParts } from '../release.ts'
import type { Situation } from '../situation.ts'
import { retiredContainers, startRelease, stopPrevious, switchTo } from '../take-over.ts'
import { isAdopting } from './decide-edge.ts'

export function installDocker({ facts: { docker } }: Situation): Change<'install-docker'> | undefined {
  if (docker === null) return { kind: 'install-docker', missing: 'Docker' }
  if (docker.engine === null) return { kind: 'install-docker', missing: 'engine' }
  return docker.compose === null ? { kind: 'install-docker', missing: 'Compose' } : undefined
}

export function uploadRelease({ release, context }: Situation): Change<'upload-release'> | undefined {
  return release === null ? undefined : { kind: 'upload-release', release, context }
}

export function buildImage(situation: Situation): Change<'build-image'> | undefined {
  const { facts, release, isLiveStopped, image, instance, settings, imageBuilder, context } = situation
  if ((release === null && !isLiveStopped) || hasImage(facts, image)) return undefined
  const { nodeImage, gatewayImage: prebuilt } = settings
  const isBuiltHere = release !== null && context.kind === 'local'
  const local = isBuiltHere && imageBuilder && { ...imageBuilder, target: imagePlatform(facts) }
  return { kind: 'build-image', image, nodeImage, release: releaseOf(instance), prebuilt, ...(local && { local }) }
}

export function startNextRelease({ facts, live, release, instance, isLiveStopped, liveTrouble }: Situation) {
  if (isLiveStopped && liveTrouble !== null) {
    return startRelease(facts, instance, {
      kind: 'broken',
      trouble: liveTrouble,
      fallback: fallbackRelease(facts)?.id ?? null,
    })
  }
  if (release === null) return undefined
  const replaces = live?.manifest.id ?? null
  const changed = live === null ? [] : changedParts(live.manifest, release.manifest)
  return startRelease(facts, instance, { kind: 'new', replaces, changed })
}

export function checkRelease(situation: Situation): Change<'check-release'> | undefined {
  const { facts, live, release, instance, gateway } = situation
  if (instance === facts.live || isAdopting(facts)) return undefined
  const isReplacing = release !== null && live !== null
  const why = isReplacing ? `changed: ${changedParts(live.manifest, release.manifest).join(', ')}` : ''
  const measures = watchNext(situation)?.wayBack
  return { kind: 'check-release', instance, gateway, why, ...(measures && { measures }) }
}

export function switchOver(situation: Situation): Change<'switch'> | undefined {
  const { facts, release, instance, isLiveStopped, isRouteOutdated, isUnrecorded, gateway } = situation
  if (release === null && !isLiveStopped && !isRouteOutdated && !isUnrecorded) return undefined
  const watch = watchNext(situation)
  const isWatched = watch?.isAdopting ?? (watch?.wayBack ?? null) !== null
  const dropped = droppedDomains(facts, gateway)
  const news = [...routeNews(situation, dropped), ...(isUnrecorded ? (['record'] as const) : [])]
  return {
    ...switchTo(facts, instance, gateway, news),
    ...(dropped.length > 0 && { dropped }),
    ...(isWatched && { isWatched }),
  }
}

/** Traefik may ask for certificates of the names in this route file. */
function isAsking(route: string | null): boolean {
  return route?.includes('certResolver') ?? false
}

/** What changes in the route file, except for the release. */
function routeNews({ facts, release, isRouteOutdated, gateway }: Situation, dropped: readonly string[]) {
  const { route, live } = facts
  const isRenamed = route !== null && routeDomain(route) !== null && routeDomain(route) !== gateway.domain
  const news: Change<'switch'>['news'] = []
  if (isRouteOutdated && (route === null || liveInstance(route) !== live)) news.push('route')
  else if (isRenamed) news.push('domain')
  else if (isRouteOutdated && dropped.length === 0) news.push(isAsking(route) ? 'domain' : 'certificate')
  if (route !== null && dropped.length > 0 && (isRouteOutdated || release !== null)) news.push('dropped')
  return news
}

/**
 * What is only started again has nothing better to go back to; one that ended again and again may do so once more. A watch
 * that was cut off is made again.
 */
export function watchNext(situation: Situation): Change<'watch'> | undefined {
  const { facts, live, release, liveTrouble, instance, gateway, settings } = situation
  if (facts.isUnwatched && live !== null && release === null && liveTrouble === null && settings.watchS > 0) {
    const again = { fallback: fallbackRelease(facts)?.id ?? null }
    return { kind: 'watch', instance, gateway, seconds: settings.watchS, wayBack: null, isRollback: false, again }
  }
  const isWatched = release !== null || liveTrouble === 'crashing' || liveTrouble === 'failed'
  if (!isWatched || settings.watchS === 0) return undefined
  const wayBack = live !== null && liveTrouble === null ? facts.live : null
  const watching = { instance, gateway, seconds: settings.watchS, wayBack, isRollback: false }
  return { kind: 'watch', ...watching, ...(isAdopting(facts) && { isAdopting: true }) }
}

export function stopOthers({ facts, instance, settings }: Situation): Change<'stop-previous'> | undefined {
  const isTakenOver = facts.live !== null && facts.live !== instance
  const others = [...leftovers(facts), ...retiredContainers(facts, isTakenOver)]
  return isTakenOver || others.length > 0 ? stopPrevious(facts, instance, settings.warmS) : undefined
}

export function checkFromOutside({ gateway, instance, outside }: Situation): Change<'check-from-outside'> {
  return { kind: 'check-from-outside', gateway, instance, outside, isAfterChanges: true }
}

const RELEASES_KEPT = 5

/** Keeps what a rollback may need. */
export function cleanUp({ facts, live, release, instance, image }: Situation): Change<'clean-up'> | undefined {
  if (release === null) return undefined
  const earlier = [...facts.manifests].sort((a, b) => (a.id < b.id ? 1 : -1))
  const needed = [live?.manifest.id, facts.state?.previous?.release]
  const containersOf = (id: string) => facts.containers.filter((container) => container.release === id)
  const isRunning = ({ id }: Manifest) => runningContainers(containersOf(id)).length > 0
  const wanted = earlier.filter(({ id }, index) => index < RELEASES_KEPT - 1 || needed.includes(id))
  const kept = earlier.filter((manifest) => wanted.includes(manifest) || isRunning(manifest))
  const removed = earlier.filter((manifest) => !kept.includes(manifest)).map(({ id }) => id)
  return {
    kind: 'clean-up',
    live: instance,
    keptCount: wanted.length,
    draining: kept.filter((manifest) => !wanted.includes(manifest)).map(({ id }) => id),
    removed: removed.map((id) => ({ release: id, containers: containersOf(id).map(({ name }) => name) })),
    keptTags: [image, ...kept.map((manifest) => manifest.image)].map(imageTag),
  }
}
