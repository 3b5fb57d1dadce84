import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { stopGraceS } from '../../templates/release.ts'
import { renderRoute } from '../../templates/route.ts'
import type { ServerSettings } from '../../templates/server-settings.ts'
import { deployError } from '../errors.ts'
import type { Argv } from '../host/argv.ts'
import { type Host, run } from '../host/host.ts'
import { releaseId } from '../plan/release.ts'
import { checkCompletions, checkReading } from '../probe/checks.ts'
import { insideProbe, type Probe } from '../probe/probe.ts'
import * as docker from '../remote/docker.ts'
import * as files from '../remote/files.ts'
import type { ContainerFact } from '../server/facts.ts'
import {
  CANARY_HEADER,
  containerName,
  EDGE_NETWORK,
  GATEWAY_PORT,
  releaseOf,
  type ServerLayout,
} from '../server/layout.ts'
import { type ReleaseState, renderState, type State } from '../server/state.ts'
import { putFile } from '../server/transfer.ts'
import type { UndoStack } from '../session/undo.ts'

/** A server that one release is to take over. */
export interface CutoverTarget {
  host: Host
  layout: ServerLayout
  settings: ServerSettings
  compose: Argv
  undo: UndoStack
  signal: AbortSignal
  /** For completions of the built-in model; null when no key is required. */
  apiKey: string | null
  /** Instance that answers now. */
  live: string | null
  /** What state.json says. */
  state: State | null
  /** Text of the route file as it is now. */
  route: string | null
  containers: ContainerFact[]
  now: Date
}

const READY_TIMEOUT_S = 90
const ROUTE_TIMEOUT_MS = 20_000
const ROUTE_POLL_MS = 50
const LOG_LINES = 30
/** A release that was just told to end usually does so at once; longer streams go on without us. */
const RETIRE_WAIT_S = 3

/**
 * The instance that a start of this release makes or wakes: a stopped one is used again, one that still ends its streams
 * is left to do so.
 */
export function chooseInstance(release: string, containers: ContainerFact[]): string {
  for (let n = 1; ; n++) {
    const instance = n === 1 ? release : `${release}-${n}`
    const container = containers.find(({ name }) => name === containerName(instance))
    if (container === undefined || container.state !== 'running') return instance
  }
}

/** Brings the instance up beside the live one and waits until it says that it is ready. */
export async function startInstance(target: CutoverTarget, instance: string): Promise<string> {
  const { host, layout, undo, signal, compose } = target
  const container = containerName(instance)
  await run(host, 'make the network', docker.ensureNetwork(EDGE_NETWORK))
  if (instance !== target.live) {
    undo.push(`stop ${container}`, async () => {
      await host.exec(docker.stopContainer(container, 1))
    })
  }
  const existing = target.containers.some(({ name, state }) => name === container && state === 'exited')
  const start = existing
    ? docker.startContainer(container)
    : docker.composeUp({
        compose,
        project: container,
        file: `${layout.release(releaseOf(instance))}/compose.yml`,
        environment: { INSTANCE: instance },
      })
  await run(host, `start ${container}`, start, { signal })
  const ready = await host.exec(docker.waitReady(container, GATEWAY_PORT, READY_TIMEOUT_S), { signal })
  if (ready.exitCode !== 0) throw await unhealthy(host, container, ready.exitCode)
  return `${container} is ready`
}

async function unhealthy(host: Host, container: string, exitCode: number) {
  const { stdout } = await host.exec(docker.containerLogs(container, LOG_LINES))
  const what = exitCode === 3 ? 'ended by itself' : `did not become ready within ${READY_TIMEOUT_S} s`
  return deployError(
    'RELEASE_UNHEALTHY',
    `the new release ${what}. Its last lines:\n${stdout.trimEnd()}`,
    `what answered before still answers; the container is kept: docker logs ${container}`,
  )
}

/** Sends requests with a secret header through the real edge to the new instance, before anybody else gets there. */
export async function checkThroughEdge(target: CutoverTarget, instance: string): Promise<string> {
  const { settings, live } = target
  const token = randomBytes(16).toString('hex')
  await writeRoute(
    target,
    renderRoute({ domain: settings.domain, live, canary: { instance, token, header: CANARY_HEADER } }, GATEWAY_PORT),
  )
  const probe = edgeProbe(target, token)
  try {
    await untilAnswered(target, probe, instance)
    const problem = (await checkReading(probe, instance)) ?? (await checkCompletions(probe))
    if (problem !== null) throw unhealthyRelease(instance, problem)
  } finally {
    await probe.close()
  }
  return 'It answers through the edge'
}

function unhealthyRelease(instance: string, problem: string) {
  return deployError(
    'RELEASE_UNHEALTHY',
    `the new release does not answer as it should: ${problem}`,
    `what answered before still answers; the container is kept: docker logs ${containerName(instance)}`,
  )
}

/** One rename moves all new requests; confirmed by an answer that carries the new instance's name. */
export async function switchOver(target: CutoverTarget, instance: string): Promise<string> {
  const { host, settings } = target
  // Before the switch, so that a reboot at any moment finds the release that the route names.
  await run(host, 'keep the release across reboots', docker.restartPolicy(containerName(instance), 'unless-stopped'))
  await writeRoute(target, renderRoute({ domain: settings.domain, live: instance }, GATEWAY_PORT))
  await awaitAnswer(target, instance)
  return `${releaseOf(instance)} answers for ${settings.domain}`
}

/** Records what is live; from here on nothing is undone. */
export async function commit(target: CutoverTarget, instance: string): Promise<void> {
  const { host, layout, undo, now } = target
  const previous = previousOf(target, instance)
  const state = {
    version: 1,
    live: { release: releaseOf(instance), instance },
    previous,
    updatedAt: now.toISOString(),
  } as const
  await putFile(host, layout.state, renderState(state))
  await run(host, 'point current to the release', files.pointTo(layout.current, `releases/${releaseOf(instance)}`))
  await host.exec(files.dropCopies(layout.route))
  undo.clear()
}

/** What a rollback goes back to; a deploy that was cut off after its switch is told by the route, not by state.json. */
function previousOf({ live, state }: CutoverTarget, instance: string): ReleaseState | null {
  if (live !== null && live !== instance) return { release: releaseOf(live), instance: live }
  return state?.live.instance === instance ? state.previous : (state?.live ?? null)
}

/**
 * Tells the instances before to end; each answers what it has begun, and its container is kept. That is the one that
 * was live, and whatever a deploy that was cut off left running.
 */
export async function retire(target: CutoverTarget, instance: string): Promise<string> {
  const { host, live, settings, containers } = target
  const graceS = stopGraceS(settings)
  const others = containers.filter(({ name, state }) => name !== containerName(instance) && state === 'running')
  for (const { name } of others) {
    await host.exec(docker.restartPolicy(name, 'no'))
    await run(host, `stop ${name}`, docker.stopDetached(name, graceS))
  }
  if (live === null || live === instance) return 'Stopped what else was left running'
  const state = (await host.exec(docker.waitExited(containerName(live), RETIRE_WAIT_S))).stdout.trim()
  return state === 'running'
    ? `${releaseOf(live)} still ends running answers, by itself`
    : `${releaseOf(live)} is stopped and kept`
}

/** The route file of before, until the new one is recorded. */
function routeCopy({ layout, now }: CutoverTarget): string {
  return `${layout.route}.before-${releaseId(now)}`
}

async function writeRoute(target: CutoverTarget, text: string): Promise<void> {
  const { host, layout, route, undo } = target
  const copy = routeCopy(target)
  if (route !== null) await run(host, 'keep the route file', files.keepCopy(layout.route, copy))
  // Without its route the new instance is not needed; as long as the route names it, it must go on running.
  undo.push('put the route file back', () => restoreRoute(target, copy), { guardsEarlier: true })
  await putFile(host, layout.route, text)
}

/** Waits for the edge to follow, so that nothing is sent to an instance that is about to be stopped. */
async function restoreRoute(target: CutoverTarget, copy: string): Promise<void> {
  const { host, layout, live, route } = target
  if (route === null) {
    await run(host, 'remove the route file', files.removeTree(layout.route))
    return
  }
  await run(host, 'put the route file back', files.putBack(layout.route, copy))
  if (live === null) return
  const patient = { ...target, signal: AbortSignal.timeout(ROUTE_TIMEOUT_MS) }
  await awaitAnswer(patient, live).catch(() => {}) // It may not have answered before either.
}

/** Waits until the edge leads to this instance. @throws UserError SWITCH_FAILED */
export async function awaitAnswer(target: CutoverTarget, instance: string): Promise<void> {
  const probe = edgeProbe(target)
  try {
    await untilAnswered(target, probe, instance)
  } finally {
    await probe.close()
  }
}

function edgeProbe({ host, settings, apiKey }: CutoverTarget, canary?: string): Probe {
  return insideProbe({
    domain: settings.domain,
    connect: () => host.connect(settings.httpsPort),
    apiKey,
    ...(canary !== undefined && { canary }),
  })
}

async function untilAnswered({ signal }: CutoverTarget, probe: Probe, instance: string): Promise<void> {
  const deadline = performance.now() + ROUTE_TIMEOUT_MS
  for (;;) {
    const problem = await checkReading(probe, instance)
    if (problem === null) return
    if (performance.now() > deadline) {
      throw deployError(
        'SWITCH_FAILED',
        `the edge does not lead to the new release: ${problem}`,
        'what answered before answers again; look at the edge with: docker logs ai-proxy-edge',
      )
    }
    await delay(ROUTE_POLL_MS, undefined, { signal })
  }
}
