import { setTimeout as delay } from 'node:timers/promises'
import { gatewayUrl } from '../../templates/server-settings.ts'
import { type DeployErrorCode, deployError } from '../errors.ts'
import { CommandFailed, run } from '../host/host.ts'
import type { ReleaseFile } from '../local/build-context.ts'
import { liveManifest, type Plan, tagOf } from '../plan/make-plan.ts'
import { CONTEXT_FOLDER, type Manifest, type Release } from '../plan/release.ts'
import type { ServerEnv } from '../plan/server-env.ts'
import { checkCompletions, checkReading } from '../probe/checks.ts'
import { checkCertificate, outsideProbe } from '../probe/probe.ts'
import * as docker from '../remote/docker.ts'
import * as files from '../remote/files.ts'
import { INSTALL_DOCKER } from '../remote/install-docker.ts'
import { parseDocker } from '../server/facts.ts'
import { containerName, EDGE_CONTAINER } from '../server/layout.ts'
import { putFile, sendTar } from '../server/transfer.ts'
import type { Step } from '../session/run-steps.ts'
import { backUp } from './backup.ts'
import * as cutover from './cutover.ts'
import { edgeUp, putEdge, restoreEdge, untilListening } from './edge.ts'
import { composeOf, firstApiKey, type Server } from './server.ts'

export interface ApplyInput {
  server: Server
  plan: Plan
  env: ServerEnv
  logdbScript: string
  context: ContextSource
  outside: OutsideView
}

/** Where the build context of a new release comes from: this machine, or a folder of the server. */
type ContextSource = { kind: 'local'; files: ReleaseFile[] } | { kind: 'server'; folder: string }

/** How this machine sees the server. */
export interface OutsideView {
  resolve: ReadonlyMap<string, string>
  extraCa: string | null
}

const CERTIFICATE_TIMEOUT_MS = 120_000
const CERTIFICATE_POLL_MS = 1000
const RELEASES_KEPT = 5

/** The steps of a deploy, in order. Until the switch a failure changes nothing that users see. */
export function deploySteps(input: ApplyInput): Step[] {
  const { server, plan } = input
  const { facts, undo } = server
  const { release, settings } = plan
  const instance = release?.manifest.id ?? plan.live ?? ''
  // Made when needed: the steps before may have installed Docker.
  const target = () => cutoverTarget(input)
  return [
    {
      title: 'Install Docker',
      enabled: plan.installDocker,
      run: (report) => installDocker(server, report),
    },
    {
      title: 'Back up',
      enabled: plan.backup,
      run: () => backUp(server, settings),
    },
    {
      title: 'Upload',
      enabled: plan.writeEnv || plan.writeEdge || plan.writeLogdb || release !== null,
      run: () => upload(input),
    },
    {
      title: 'Build the image',
      enabled: plan.build,
      run: (report) => buildImage(server, release?.manifest ?? liveManifest(facts), settings.nodeImage, report),
    },
    {
      title: 'Start the edge',
      enabled: plan.writeEdge || !facts.edge.running || plan.restartEdge,
      run: () => startEdge(input, target),
    },
    {
      title: 'Start the release',
      enabled: release !== null || plan.startLive,
      run: () => cutover.startInstance(target(), instance),
    },
    {
      title: 'Check it through the edge',
      enabled: release !== null,
      run: () => cutover.checkThroughEdge(target(), instance),
    },
    {
      title: 'Switch over',
      enabled: release !== null || plan.startLive || plan.writeRoute || plan.settle,
      run: async () => {
        const done = await cutover.switchOver(target(), instance)
        await cutover.commit(target(), instance)
        return done
      },
    },
    {
      title: 'Retire the release before',
      enabled: (release !== null && plan.live !== null) || plan.settle,
      run: () => cutover.retire(target(), instance),
    },
    {
      title: 'Get the certificate',
      enabled: plan.needsCertificate,
      run: () => {
        undo.clear() // The server is as planned, whatever the checks from here on say.
        return waitForCertificate(input)
      },
    },
    {
      title: 'Check from outside',
      enabled: true,
      run: () => {
        undo.clear()
        return checkFromOutside(input, instance, plan.changes.length > 0)
      },
    },
    {
      title: 'Clean up',
      enabled: release !== null,
      run: () => cleanUp(server, instance, release?.manifest.image ?? ''),
    },
  ]
}

function cutoverTarget({ server, plan, env }: ApplyInput): cutover.CutoverTarget {
  const { facts } = server
  return {
    ...server,
    settings: plan.settings,
    compose: composeOf(facts).argv,
    apiKey: firstApiKey(env.values['API_KEYS']),
    live: plan.live,
    state: facts.state,
    route: facts.route,
    containers: facts.containers,
  }
}

async function installDocker(server: Server, report: (line: string) => void): Promise<string> {
  const output = await orFail('INSTALL_FAILED', 'see what apt-get says on the server, then run again', () =>
    run(server.host, 'install Docker', INSTALL_DOCKER, { signal: server.signal, onLine: report }),
  )
  server.facts.docker = parseDocker(output)
  const compose = composeOf(server.facts)
  return `Installed Docker ${server.facts.docker?.engine} and Compose ${compose.version}`
}

const BUILD_LINES_SHOWN = 15

async function buildImage(
  { host, layout, signal }: Server,
  manifest: Manifest | null,
  nodeImage: string,
  report: (line: string) => void,
): Promise<string> {
  if (manifest === null) return 'Nothing to build'
  const { id, image } = manifest
  const lines: string[] = []
  const onLine = (line: string) => {
    report(line)
    lines.push(line)
  }
  const command = docker.buildImage(image, nodeImage, `${layout.release(id)}/${CONTEXT_FOLDER}`)
  const { exitCode } = await host.exec(command, { signal, onLine })
  if (exitCode === 0) return `Built ${image}`
  throw deployError(
    'BUILD_FAILED',
    `the image cannot be built. The last lines were:\n${lines.slice(-BUILD_LINES_SHOWN).join('\n')}`,
    'what answers now is untouched; when the cause is gone, run again',
  )
}

async function upload({ server, plan, env, logdbScript, context }: ApplyInput): Promise<string> {
  const { host, layout, facts, undo } = server
  const { settings, edge, release } = plan
  return orFail('UPLOAD_FAILED', 'what answers now is untouched; run again', async () => {
    await run(host, 'make the folders', files.makeFolders(layout.folder, settings.uid, settings.gid))
    if (plan.writeEnv) {
      undo.push('put .env back', async () => {
        if (facts.env === null) await run(host, 'remove .env', files.removeTree(layout.env))
        else await putFile(host, layout.env, facts.env, '600')
      })
      await putFile(host, layout.env, env.text, '600')
    }
    if (plan.writeEdge) {
      undo.push('put the edge back', () => restoreEdge(server))
      await putEdge(server, edge)
    }
    if (plan.writeLogdb) await putFile(host, layout.logdb, logdbScript, '755')
    if (release === null) return 'Uploaded the settings'
    await sendRelease(server, release, context)
    return `Uploaded release ${release.manifest.id}`
  })
}

async function sendRelease({ host, layout, signal }: Server, release: Release, context: ContextSource): Promise<void> {
  const folder = layout.release(release.manifest.id)
  const what = 'upload the release'
  if (context.kind === 'server') {
    await sendTar(host, what, release.files, files.unpackFolder(folder, context.folder), signal)
    return
  }
  const sources = context.files.map(({ path, content }) => ({ path: `${CONTEXT_FOLDER}/${path}`, content }))
  await sendTar(host, what, [...sources, ...release.files], files.unpackFolder(folder), signal)
}

async function startEdge({ server, plan }: ApplyInput, target: () => cutover.CutoverTarget): Promise<string> {
  await orFail('EDGE_FAILED', 'look at it with: docker logs ai-proxy-edge', async () => {
    if (plan.restartEdge) await run(server.host, 'restart the edge', docker.restartContainer(EDGE_CONTAINER))
    else await edgeUp(server)
    await untilListening(server, plan.settings.httpsPort)
  })
  // Docker listens before Traefik does.
  if (plan.live !== null && !plan.startLive && !plan.writeRoute) await cutover.awaitAnswer(target(), plan.live)
  return `The edge listens on ${plan.settings.httpPort} and ${plan.settings.httpsPort}`
}

/** Traefik gets the certificate by itself; this waits, and says what Traefik says when it takes too long. */
async function waitForCertificate({ server, plan, outside }: ApplyInput): Promise<string> {
  const { host, signal } = server
  const { domain, httpsPort } = plan.settings
  const deadline = performance.now() + CERTIFICATE_TIMEOUT_MS
  for (;;) {
    const state = await checkCertificate(() => host.connect(httpsPort), domain, outside.extraCa)
    if (state.valid) return `The certificate for ${domain} is valid until ${state.validUntil}`
    const { stdout } = await host.exec(docker.acmeErrors(EDGE_CONTAINER, server.facts.clockS))
    if (stdout.trim() !== '' || performance.now() > deadline) {
      throw deployError(
        'CERTIFICATE_MISSING',
        `the gateway runs, but ${domain} has no valid certificate (${state.reason})${acmeReason(stdout)}`,
        'make sure that the name leads to this server and that port 80 is open, then run again',
      )
    }
    await delay(CERTIFICATE_POLL_MS, undefined, { signal })
  }
}

function acmeReason(log: string): string {
  try {
    const entry: { error?: string; message?: string } = JSON.parse(log.trim())
    return `: ${entry.error ?? entry.message}`
  } catch {
    return log.trim() === '' ? '' : `: ${log.trim()}`
  }
}

const OUTSIDE_TIMEOUT_MS = 10_000

/** GET requests only, unless something was changed; then the way here may need a moment. */
async function checkFromOutside(
  { server, plan, env, outside }: ApplyInput,
  instance: string,
  changed: boolean,
): Promise<string> {
  const url = gatewayUrl(plan.settings)
  const probe = outsideProbe({ url, apiKey: firstApiKey(env.values['API_KEYS']), ...outside })
  const deadline = performance.now() + (changed ? OUTSIDE_TIMEOUT_MS : 0)
  try {
    let problem = await checkReading(probe, instance)
    while (problem !== null && performance.now() < deadline) {
      await delay(CERTIFICATE_POLL_MS, undefined, { signal: server.signal })
      problem = await checkReading(probe, instance)
    }
    if (problem === null && changed) problem = await checkCompletions(probe)
    if (problem === null) return `${url} answers${changed ? ', completions included' : ''}`
    throw deployError(
      'NOT_REACHABLE',
      `the gateway runs, but from here ${problem}`,
      `check that ${plan.settings.domain} leads to the server and that its ports ${plan.settings.httpPort} and ${plan.settings.httpsPort} are open`,
    )
  } finally {
    await probe.close()
  }
}

/** Keeps what a rollback may need and removes older releases with their containers and images. */
async function cleanUp({ host, layout, facts }: Server, live: string, image: string): Promise<string> {
  const before = [...facts.manifests].sort((a, b) => (a.id < b.id ? 1 : -1))
  const kept = before.filter(({ id }, index) => index < RELEASES_KEPT - 1 || id === liveManifest(facts)?.id)
  const removed = before.filter((manifest) => !kept.includes(manifest))
  for (const { id } of removed) {
    for (const { name } of facts.containers.filter(({ release }) => release === id)) {
      await host.exec(docker.removeContainer(name))
    }
    await host.exec(files.removeTree(layout.release(id)))
  }
  await host.exec(docker.pruneImages([image, ...kept.map((manifest) => manifest.image)].map(tagOf)))
  return removed.length === 0
    ? `Kept ${containerName(live)} and ${kept.length} before it`
    : `Removed what was older than the last ${RELEASES_KEPT} releases`
}

/** Gives the failure of a command the code and the next step of what it was for. */
async function orFail<T>(code: DeployErrorCode, hint: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof CommandFailed) throw deployError(code, error.message, hint, error)
    throw error
  }
}
