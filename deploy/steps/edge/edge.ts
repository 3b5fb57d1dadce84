import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../../../kit/user-error.ts'
import { run } from '../../host/host.ts'
import type { GatewayAddress } from '../../plan/address/gateway-address.ts'
import type { EdgeFiles } from '../../plan/edge-files.ts'
import * as docker from '../../remote/docker.ts'
import { removeTree } from '../../remote/files.ts'
import { outliving } from '../../remote/lock.ts'
import type { EdgeTrouble } from '../../server/facts.ts'
import { EDGE_CONTAINER, EDGE_NETWORK } from '../../server/layout.ts'
import { putFile } from '../../server/transfer.ts'
import { composeOf } from '../compose.ts'
import type { Server } from '../definition.ts'
import { orFail } from '../or-fail.ts'
import { withKeyOf } from '../release-environment.ts'
import { awaitAnswer } from './edge-answer.ts'

/** Writes the edge's files, which take effect when it starts. */
export async function putEdge({ host, layout }: Server, edge: EdgeFiles): Promise<void> {
  await putFile(host, `${layout.edge}/compose.yml`, edge.compose)
  await putFile(host, `${layout.edge}/traefik.yml`, edge.traefik)
  const acmeCa = `${layout.edge}/acme-ca.pem`
  if (edge.acmeCa !== null) await putFile(host, acmeCa, edge.acmeCa)
  else await host.exec(removeTree(acmeCa))
}

/** Starts the edge, or recreates it when its files have changed. */
export async function composeEdge(
  { host, layout, facts }: Server,
  trouble: EdgeTrouble | null,
  { isForced = false } = {},
): Promise<void> {
  const compose = composeOf(facts).argv
  await host.exec(docker.settleName(EDGE_CONTAINER))
  await run(host, 'connect the edge to its network', docker.attachToNetwork(EDGE_CONTAINER, EDGE_NETWORK))
  if (trouble === 'paused') await host.exec(docker.wakeContainer(EDGE_CONTAINER))
  else if (trouble !== null && trouble !== 'unnamed') await host.exec(docker.restartContainer(EDGE_CONTAINER))
  const file = `${layout.edge}/compose.yml`
  // Compose removes the container before it has the next one.
  await run(host, 'start the edge', outliving(docker.composeUp({ compose, project: EDGE_CONTAINER, file, isForced })))
}

/** Makes its container, which listens nowhere until it is started. */
export async function createEdge({ host, layout, facts }: Server): Promise<void> {
  const { argv: compose } = composeOf(facts)
  await run(host, 'connect the edge to its network', docker.attachToNetwork(EDGE_CONTAINER, EDGE_NETWORK))
  const file = `${layout.edge}/compose.yml`
  const command = docker.composeUp({ compose, project: EDGE_CONTAINER, file, isNotStarted: true })
  await run(host, 'make the edge', outliving(command))
}

/** Its files stay. */
export async function removeEdge({ host }: Server): Promise<void> {
  await host.exec(docker.stopContainer(EDGE_CONTAINER, 1))
  await host.exec(docker.removeContainer(EDGE_CONTAINER))
}

/**
 * Starts the edge and waits until it listens, and leads to the instance that answered before.
 * @throws UserError EDGE_FAILED, SWITCH_FAILED
 */
export async function bringEdgeUp(
  server: Server,
  { gateway, expects }: { gateway: GatewayAddress; expects: string | null },
  start: () => Promise<unknown>,
): Promise<string> {
  await orFail('EDGE_FAILED', 'look at it with: docker logs ai-proxy-edge', async () => {
    await start()
    await untilListening(server, gateway.httpsPort)
  })
  // Docker listens before Traefik does.
  if (expects !== null) await awaitAnswer(server, await withKeyOf(server, gateway, expects), expects)
  return `The edge listens on ${gateway.httpPort} and ${gateway.httpsPort}`
}

const LISTEN_POLL_MS = 250
const LISTEN_TIMEOUT_MS = 30_000

/** Docker listens on a published port as soon as the container runs. */
async function untilListening({ host, signal }: Server, port: number): Promise<void> {
  const deadline = performance.now() + LISTEN_TIMEOUT_MS
  for (;;) {
    try {
      const stream = await host.connect(port)
      stream.destroy()
      return
    } catch (error) {
      if (error instanceof UserError || performance.now() > deadline) throw error
      await delay(LISTEN_POLL_MS, undefined, { signal })
    }
  }
}
