import { liveInstance } from '../../templates/route.ts'
import type { ContainerFact, Facts } from './facts.ts'
import { containerName, releaseOf } from './instance.ts'

type Evidence = Pick<Facts, 'route' | 'state' | 'containers' | 'manifests' | 'readyMarks'>

/**
 * The instance that is live, by the first of these that names one which exists: the route file, state.json, the containers
 * that run, those that would run if nobody had stopped them, the newest release that was ever ready. Null where there is none.
 */
export function findLive(evidence: Evidence): string | null {
  const { route, state, containers, manifests } = evidence
  const exists = (instance: string) =>
    containers.some(({ name }) => name === containerName(instance)) ||
    manifests.some(({ id }) => id === releaseOf(instance))
  const named = [route === null ? null : liveInstance(route), state?.live.instance ?? null]
  const ready = readyReleases(evidence)
  const running = containers.filter((container) => hasTakenOver(container, ready)).sort(newestFirst)
  const stopped = containers.filter((container) => wasStopped(container, ready)).sort(newestFirst)
  const found = [
    ...named.filter((instance) => instance !== null && exists(instance)),
    ...[...running, ...stopped].map(({ name }) => name.slice(CONTAINER_PREFIX.length)),
    ...ready,
  ]
  return found[0] ?? null
}

/** Ids of the releases that have been ready and are kept, newest first. What state.json names took over, so it was. */
export function readyReleases({ state, manifests, readyMarks }: Pick<Evidence, 'state' | 'manifests' | 'readyMarks'>) {
  const known = [...readyMarks.map(({ release }) => release), state?.live.release, state?.previous?.release]
  const failed = readyMarks.filter((mark) => mark.failed !== undefined).map(({ release }) => release)
  return manifests
    .map(({ id }) => id)
    .filter((id) => known.includes(id) && !failed.includes(id))
    .sort((a, b) => (a < b ? 1 : -1))
}

const CONTAINER_PREFIX = containerName('')

/** A candidate of a run that was cut off is not restarted, and its release may never have been ready. */
function hasTakenOver({ state, release, isRestarted, isStopping = false }: ContainerFact, ready: string[]): boolean {
  return state === 'running' && !isStopping && (isRestarted || ready.includes(release))
}

/** Only what is live is started again after a reboot. */
function wasStopped({ state, release, isRestarted }: ContainerFact, ready: string[]): boolean {
  return state !== 'running' && isRestarted && ready.includes(release)
}

function newestFirst(a: ContainerFact, b: ContainerFact): number {
  if (a.isRestarted !== b.isRestarted) return a.isRestarted ? -1 : 1
  return a.name < b.name ? 1 : -1
}
