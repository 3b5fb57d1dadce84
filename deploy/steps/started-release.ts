import { setTimeout as delay } from 'node:timers/promises'
import { deployError } from '../errors.ts'
import type { Change } from '../plan/change.ts'
import { checkReading } from '../probe/checks.ts'
import type { Probe } from '../probe/probe.ts'
import * as docker from '../remote/docker.ts'
import { containerName } from '../server/instance.ts'
import { GATEWAY_PORT } from '../server/layout.ts'
import type { Server, Starting } from './definition.ts'
import { ROUTE_POLL_MS, ROUTE_TIMEOUT_MS, switchFailed } from './edge/edge-answer.ts'

type Start = Change<'start-release'>

const READY_TIMEOUT_S = 90
const LOG_LINES_SHOWN = 30
/** How often a container is asked whether it still runs. */
const RUNNING_POLL_MS = 500

/**
 * Waits until the gateway reports inside its container that it is ready.
 * @throws UserError RELEASE_UNHEALTHY
 */
export async function untilReadyInside({ change: start, made }: Starting, server: Server): Promise<void> {
  await made
  const { exitCode } = await askInside(start, server, READY_TIMEOUT_S)
  if (exitCode === docker.EXITED) throw await unhealthy(start, server, 'ended by itself')
  if (exitCode !== 0) throw await neverReady(start, server)
}

/**
 * Waits until the gateway answers through the edge, which needs no other process next to one that begins.
 * @throws UserError RELEASE_UNHEALTHY, or SWITCH_FAILED if it is ready but the edge does not lead to it
 */
export async function untilReadyBehindEdge(
  { change: start, made }: Starting,
  server: Server,
  probe: Probe,
): Promise<void> {
  await made
  const begun = performance.now()
  let [askedRunning, askedInside] = [begun, begun]
  for (;;) {
    const problem = await checkReading(probe, start.instance)
    if (problem === null) return
    const now = performance.now()
    if (now - askedRunning > RUNNING_POLL_MS) {
      askedRunning = now
      if (!(await isRunning(start, server))) throw await unhealthy(start, server, 'ended by itself')
    }
    if (now - askedInside > ROUTE_TIMEOUT_MS) {
      askedInside = now
      if ((await askInside(start, server, 1)).exitCode === 0) throw switchFailed(problem)
    }
    if (now - begun > READY_TIMEOUT_S * 1000) throw await neverReady(start, server)
    await delay(ROUTE_POLL_MS, undefined, { signal: server.signal })
  }
}

async function isRunning({ instance }: Start, { host, signal }: Server): Promise<boolean> {
  const { stdout } = await host.exec(docker.isRunning(containerName(instance)), { signal })
  return stdout.trim() === 'true'
}

function askInside({ instance }: Start, { host, signal }: Server, timeoutS: number) {
  return host.exec(docker.waitReady(containerName(instance), GATEWAY_PORT, timeoutS), { signal })
}

function neverReady(start: Start, server: Server) {
  return unhealthy(start, server, `did not become ready within ${READY_TIMEOUT_S} s`)
}

async function unhealthy(start: Start, server: Server, what: string) {
  const container = containerName(start.instance)
  const { stdout } = await server.host.exec(docker.containerLogs(container, LOG_LINES_SHOWN))
  return deployError(
    'RELEASE_UNHEALTHY',
    `${start.reason.kind === 'new' ? 'the new release' : 'the release'} ${what}. Its last lines:\n${stdout.trimEnd()}`,
    `${whatAnswers(start, server)}; the container is kept: docker logs ${container}`,
  )
}

function whatAnswers({ reason }: Start, { facts: { live, predecessor } }: Server): string {
  if (predecessor?.isRunning) return 'the Python gateway still answers'
  if (live === null || reason.kind === 'broken') return 'nothing answers yet'
  return 'the previous release still answers'
}
