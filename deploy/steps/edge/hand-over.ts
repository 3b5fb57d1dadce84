import { setTimeout as delay } from 'node:timers/promises'
import { edgePorts, renderSecondEdge } from '../../../templates/edge.ts'
import { formerDomains, renderDraining, routeDomain } from '../../../templates/route.ts'
import { deployError } from '../../errors.ts'
import { run } from '../../host/host.ts'
import type { GatewayAddress } from '../../plan/address/gateway-address.ts'
import type { EdgeFiles } from '../../plan/edge-files.ts'
import { releaseId } from '../../plan/release.ts'
import { checkCertificate } from '../../probe/certificate.ts'
import * as docker from '../../remote/docker.ts'
import * as handover from '../../remote/edge-handover.ts'
import { removeTree } from '../../remote/files.ts'
import { EDGE_CONTAINER } from '../../server/layout.ts'
import { putFile } from '../../server/transfer.ts'
import { composeOf } from '../compose.ts'
import type { Server } from '../definition.ts'
import { withKeyOf } from '../release-environment.ts'
import { composeEdge, putEdge } from './edge.ts'
import { awaitAnswer, EDGE_PORT } from './edge-answer.ts'

/** How long answers that run may take to end; the edge's own graceTimeOut. */
const DRAIN_S = 300
/** Docker notices the end of a process a little later. */
const DRAIN_MARGIN_S = 10
/** Clients leave connections that they use in this time. */
const LEAVE_S = 5

export interface Replacement {
  files: EdgeFiles
  gateway: GatewayAddress
  /** Instance that must answer through the edge. */
  expects: string | null
  /** The files stay, but the edge must read its certificates again. */
  isForced: boolean
}

/**
 * Replaces the container of the edge while a second one takes new connections. The first keeps those that it has until they
 * end. At each moment the published ports belong to a container that Docker starts again after a reboot; only while Compose
 * recreates it, for about a second, there is none.
 */
export async function handOver(server: Server, replacement: Replacement): Promise<void> {
  const { files, gateway, isForced } = replacement
  // Its own name each time: the second edge of the handover that is taken back may still finish answers.
  const second = `${EDGE_CONTAINER}-${releaseId(new Date())}`
  await startSecond(server, files, second)
  await untilServing(server, second, replacement)
  const ports = [...new Set([...edgePorts(server.facts.edge.composeFile ?? ''), ...edgePorts(files.compose)])]
  await run(server.host, 'lead connections to a second edge', handover.redirect(second, ports))
  await startDraining(server, gateway)
  await finishFirst(server)
  await putEdge(server, files)
  await composeEdge(server, null, { isForced })
  await run(server.host, 'lead connections to the edge', handover.redirectFromOutsideOnly())
  await untilServing(server, EDGE_CONTAINER, replacement)
  await endHandover(server)
}

/** How long taking a replacement back may take: answers that run may end. */
export const UNDO_LIMIT_MS = 2 * (DRAIN_S + DRAIN_MARGIN_S) * 1000

/** Waits until the first edge listens. One that still finishes answers is started again by Docker after that. */
export async function awaitFirst(server: Server, gateway: GatewayAddress, expects: string | null): Promise<void> {
  const { host, signal } = server
  const deadline = performance.now() + (DRAIN_S + DRAIN_MARGIN_S) * 1000
  for (;;) {
    const address = (await run(host, 'find the edge', handover.addressOf(EDGE_CONTAINER))).trim()
    const isListening = await host.connect(EDGE_PORT, address).then(
      (stream) => Boolean(stream.destroy()),
      () => false,
    )
    if (isListening) {
      if (expects !== null) await awaitAnswer(server, await withKeyOf(server, gateway, expects), expects, address)
      return
    }
    if (performance.now() > deadline) throw deployError('EDGE_FAILED', 'the edge does not listen', 'run again')
    await delay(POLL_MS, undefined, { signal })
  }
}

/** Leads new connections to the published ports again, and lets second edges finish what they have. */
export async function endHandover({ host, layout, signal }: Server): Promise<void> {
  await run(host, 'lead connections to the edge', handover.endRedirect())
  await host.exec(handover.waitSecondsQuiet(LEAVE_S), { signal })
  await run(host, 'retire the second edge', handover.retireSecondEdges(DRAIN_S + DRAIN_MARGIN_S))
  await run(host, 'remove what the second edge needed', removeTree(layout.draining))
  await run(host, 'remove what the second edge needed', removeTree(layout.secondEdge))
}

async function startSecond({ host, layout, facts }: Server, files: EdgeFiles, name: string): Promise<void> {
  const folder = layout.secondEdge
  await putFile(host, `${folder}/compose.yml`, renderSecondEdge(files.compose, name))
  await putFile(host, `${folder}/traefik.yml`, files.traefik)
  if (files.acmeCa !== null) await putFile(host, `${folder}/acme-ca.pem`, files.acmeCa)
  const compose = composeOf(facts).argv
  const project = { compose, project: name, file: `${folder}/compose.yml` }
  await run(host, 'start a second edge', docker.composeUp(project))
}

const POLL_MS = 200
const SERVING_TIMEOUT_MS = 30_000

function noCertificate(container: string, domain: string) {
  const hint = `look at it with: docker logs ${container}`
  return deployError('EDGE_FAILED', `the edge with its new settings shows no certificate for ${domain}`, hint)
}

/** Waits until the container answers, and has a certificate. @throws UserError SWITCH_FAILED */
async function untilServing(server: Server, container: string, replacement: Replacement): Promise<void> {
  const { gateway, expects, isForced } = replacement
  const { host, facts, signal } = server
  const address = (await run(host, 'find the edge', handover.addressOf(container))).trim()
  // The edge may read the owner's certificate only, which need not be for the name that answers until now.
  const routed = gateway.hasOwnCertificate ? null : facts.route && routeDomain(facts.route)
  const domain = routed ?? gateway.domain
  const deadline = performance.now() + SERVING_TIMEOUT_MS
  for (;;) {
    const state = await checkCertificate(() => host.connect(EDGE_PORT, address), domain, null).catch(() => undefined)
    if (state !== undefined && !state.isPlaceholder && state.validUntil !== null) break
    if (performance.now() > deadline) {
      // Traefik gets one for certificates of a backup that are of no use any more.
      if (isForced) break
      throw noCertificate(container, domain)
    }
    await delay(POLL_MS, undefined, { signal })
  }
  if (expects !== null) await awaitAnswer(server, await withKeyOf(server, gateway, expects), expects, address)
}

async function startDraining({ host, layout, facts }: Server, gateway: GatewayAddress): Promise<void> {
  const domain = (facts.route && routeDomain(facts.route)) ?? gateway.domain
  const former = formerDomains(facts.route ?? '').map((one) => one.domain)
  await putFile(host, layout.draining, renderDraining([domain, ...former]))
}

/** Waits for running answers of the first edge. */
async function finishFirst({ host, facts, signal }: Server): Promise<void> {
  const { exitCode } = await host.exec(handover.waitQuiet(EDGE_CONTAINER, LEAVE_S), { signal })
  if (exitCode === 0) return
  // An edge of an earlier version cuts answers off when it is told to end.
  const isPatient = /graceTimeOut: 300s/.test(facts.edge.traefikConfig ?? '')
  const wait = isPatient ? handover.finishAnswers(EDGE_CONTAINER, DRAIN_S + DRAIN_MARGIN_S) : undefined
  await host.exec(wait ?? handover.waitQuiet(EDGE_CONTAINER, DRAIN_S), { signal })
}
