import { setTimeout as delay } from 'node:timers/promises'
import { run } from '../host/host.ts'
import type { EdgeFiles } from '../plan/edge-files.ts'
import * as docker from '../remote/docker.ts'
import { EDGE_CONTAINER, EDGE_NETWORK } from '../server/layout.ts'
import { putFile } from '../server/transfer.ts'
import { composeOf, type Server } from './server.ts'

/** Writes the edge's files, which count when it is started. */
export async function putEdge({ host, layout }: Server, edge: EdgeFiles): Promise<void> {
  await putFile(host, `${layout.edge}/compose.yml`, edge.compose)
  await putFile(host, `${layout.edge}/traefik.yml`, edge.traefik)
  if (edge.acmeCa !== null) await putFile(host, `${layout.edge}/acme-ca.pem`, edge.acmeCa)
}

/** The edge as it was, files and container. */
export async function restoreEdge(server: Server): Promise<void> {
  const { composeFile, traefikConfig, acmeCa, running } = server.facts.edge
  if (composeFile === null || traefikConfig === null) return
  await putEdge(server, { compose: composeFile, traefik: traefikConfig, acmeCa })
  if (running) await edgeUp(server)
}

/** Starts the edge, or makes it anew when its files have changed. */
export async function edgeUp({ host, layout, facts }: Server): Promise<void> {
  const { argv: compose } = composeOf(facts)
  await run(host, 'make the network', docker.ensureNetwork(EDGE_NETWORK))
  await run(
    host,
    'start the edge',
    docker.composeUp({ compose, project: EDGE_CONTAINER, file: `${layout.edge}/compose.yml` }),
  )
}

const LISTEN_POLL_MS = 250
const LISTEN_TIMEOUT_MS = 30_000

/** Docker listens on a published port as soon as the container runs. */
export async function untilListening({ host, signal }: Server, port: number): Promise<void> {
  const deadline = performance.now() + LISTEN_TIMEOUT_MS
  for (;;) {
    try {
      const stream = await host.connect(port)
      stream.destroy()
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
      await delay(LISTEN_POLL_MS, undefined, { signal })
    }
  }
}
