import { parseDotenv } from '../../kit/settings/dotenv.ts'
import { renderRoute } from '../../templates/route.ts'
import { type ServerSettings, serverSettings } from '../../templates/server-settings.ts'
import { deployError } from '../errors.ts'
import type { Facts } from '../server/facts.ts'
import { containerName, GATEWAY_PORT, releaseOf } from '../server/layout.ts'
import { type EdgeFiles, edgeFiles } from './edge-files.ts'
import { changedParts, contentDigest, imageName, makeRelease, type Release, type ReleaseContent } from './release.ts'
import type { ServerEnv } from './server-env.ts'

export interface PlanInput {
  facts: Facts
  env: ServerEnv
  /** SHA-256 of each file of the build context, by path. */
  contextHashes: Readonly<Record<string, string>>
  /** Text of config.yml, already valid. */
  config: string
  traefikBase: string
  logdbScript: string
  /** A certificate to trust for the ACME directory, if one was given now. */
  acmeCa: string | null
  now: Date
}

/** Everything that a deploy will do; `changes` is empty when the server is as it should be. */
export interface Plan {
  settings: ServerSettings
  edge: EdgeFiles
  /** For people, in order. */
  changes: string[]
  installDocker: boolean
  writeEnv: boolean
  writeEdge: boolean
  writeLogdb: boolean
  /** The new release; null when the live one is what it should be. */
  release: Release | null
  build: boolean
  /** Instance that answers now, and that a new release takes over from. */
  live: string | null
  /** The live release's container does not run. */
  startLive: boolean
  /** The live release stays, but a deploy that was cut off left it unrecorded, or another one running. */
  settle: boolean
  /** The live release stays, but the route file is not what it should be (another domain). */
  writeRoute: boolean
  /** The edge has no certificate for the domain yet. */
  needsCertificate: boolean
  /** The edge runs as it should, but it must try for the certificate again. */
  restartEdge: boolean
  backup: boolean
  warnings: string[]
}

const MIN_FREE_BYTES = 2 * 1024 ** 3

/** Pure: the same facts and wishes give the same plan. @throws UserError TARGET_UNSUPPORTED, DISK_FULL, PORT_TAKEN */
export function makePlan(input: PlanInput): Plan {
  const { facts, env } = input
  const settings = serverSettings(env.values, (input.acmeCa ?? facts.edge.acmeCa) !== null)
  const edge = edgeFiles(settings, input.traefikBase, input.acmeCa ?? facts.edge.acmeCa)
  const content: ReleaseContent = {
    context: input.contextHashes,
    config: input.config,
    environment: env.values,
    settings,
  }
  const installDocker = facts.docker?.engine == null || facts.docker.compose === null
  const live = liveManifest(facts)
  const release = live?.content === contentDigest(content) ? null : makeRelease(content, input.now)
  const startLive = release === null && !isRunning(facts)
  const image = release?.manifest.image ?? live?.image ?? imageName(content)
  const writeEdge =
    facts.edge.composeFile !== edge.compose ||
    facts.edge.traefikConfig !== edge.traefik ||
    facts.edge.acmeCa !== edge.acmeCa
  const needsCertificate = !facts.certificates.some(
    ({ file, domain }) => file === settings.acme.storage && domain === settings.domain,
  )
  const plan: Plan = {
    settings,
    edge,
    changes: [],
    installDocker,
    writeEnv: facts.env !== env.text,
    writeEdge,
    writeLogdb: facts.logdbScript !== input.logdbScript,
    release,
    build: (release !== null || startLive) && !facts.imageTags.includes(tagOf(image)),
    live: facts.live,
    startLive,
    settle: release === null && isUnsettled(facts),
    writeRoute:
      release === null && facts.route !== renderRoute({ domain: settings.domain, live: facts.live }, GATEWAY_PORT),
    needsCertificate,
    restartEdge: false,
    backup: facts.live !== null,
    warnings: [],
  }
  // Traefik tries again when its routes change; where nothing of the kind is due, only a restart makes it.
  plan.restartEdge = needsCertificate && facts.edge.running && !writeEdge && release === null && !plan.writeRoute
  plan.changes = describe(plan, facts, env)
  plan.warnings = warnings(env)
  if (plan.changes.length > 0) preflight(plan, facts)
  else plan.backup = false
  return plan
}

function describe(plan: Plan, facts: Facts, env: ServerEnv): string[] {
  const { release, settings } = plan
  const live = liveManifest(facts)
  const lines: (string | false)[] = [
    plan.installDocker && dockerChange(facts),
    facts.env === null && env.uploaded.length > 0 && `take over your .env: ${env.uploaded.join(', ')}`,
    env.generatedKey !== null && 'make an API key',
    facts.env !== null && plan.writeEnv && `set in the server's .env: ${changedNames(facts, env).join(', ')}`,
    plan.writeLogdb && 'put scripts/logdb there',
    release !== null && live === null && `start release ${release.manifest.id}`,
    release !== null &&
      live !== null &&
      `start release ${release.manifest.id} beside ${live.id} and let it take over (changed: ${changedParts(live, release.manifest).join(', ')})`,
    plan.startLive && `start release ${live?.id} again, which does not run`,
    plan.writeRoute && `answer for ${settings.domain}`,
    plan.settle && `record that ${live?.id} answers, and stop what else is left running`,
    plan.build && `build the image ${(release?.manifest ?? live)?.image} on the server`,
    plan.writeEdge &&
      `${facts.edge.composeFile === null ? 'start' : 'restart'} the edge (ports ${settings.httpPort} and ${settings.httpsPort}${facts.edge.running ? '; it is away for some seconds' : ''})`,
    !facts.edge.running && !plan.writeEdge && 'start the edge',
    plan.needsCertificate &&
      `get a certificate for ${settings.domain}${plan.restartEdge ? ' (restarts the edge)' : ''}`,
  ]
  return lines.filter((line) => line !== false)
}

function dockerChange({ docker }: Facts): string {
  if (docker === null) return 'install Docker'
  return docker.engine === null ? 'start Docker' : 'install Docker Compose'
}

function changedNames(facts: Facts, env: ServerEnv): string[] {
  const before = parseDotenv(facts.env ?? '').values
  return Object.keys(env.values).filter((name) => env.values[name] !== before[name])
}

function warnings(env: ServerEnv): string[] {
  const lines: (string | false)[] = [
    env.differing.length > 0 &&
      `your .env differs from the server's in ${env.differing.join(', ')}; the server's counts`,
    env.missingKeys.length > 0 &&
      `the server's .env has no ${env.missingKeys.join(' and no ')}: models of that provider answer 503 until you add it and deploy again`,
    env.leftOutHttpPort &&
      'HTTP_PORT of your .env means the local gateway and stays behind; on a server it is the port of the edge',
  ]
  return lines.filter((line) => line !== false)
}

/** Refuses what would fail half-way. */
function preflight(plan: Plan, facts: Facts): void {
  const { os, freeBytes, listeners } = facts
  if (!['x86_64', 'aarch64', 'arm64'].includes(os.arch)) {
    throw deployError('TARGET_UNSUPPORTED', `the server is a ${os.arch} machine`, 'use a server with x86_64 or arm64')
  }
  if (facts.edge.folder !== null && facts.edge.folder !== facts.folder) {
    throw deployError(
      'TARGET_UNSUPPORTED',
      `the edge of this server belongs to ${facts.edge.folder}, not to ${facts.folder}`,
      `name that folder: --path ${facts.edge.folder} (a server has one gateway)`,
    )
  }
  const onlyStarts = facts.docker !== null && facts.docker.compose !== null
  if (plan.installDocker && !onlyStarts && !/\b(debian|ubuntu)\b/.test(`${os.id} ${os.like}`)) {
    throw deployError(
      'TARGET_UNSUPPORTED',
      `${facts.docker === null ? 'Docker' : 'Docker Compose'} is missing and ${os.id || 'this system'} is neither Debian nor Ubuntu`,
      'install Docker Engine and Compose there yourself, then run again',
    )
  }
  const short = Object.entries(freeBytes).filter(([, free]) => plan.release !== null && free < MIN_FREE_BYTES)
  for (const [where, free] of short) {
    throw deployError(
      'DISK_FULL',
      `too little free space for ${where === 'docker' ? "Docker's images" : 'the releases'}: ${inMiB(free)} MiB, needed ${inMiB(MIN_FREE_BYTES)} MiB`,
      'free some space on the server (docker system df shows what Docker holds), then run again',
    )
  }
  const ports = [plan.settings.httpPort, plan.settings.httpsPort]
  for (const port of ports) {
    const program = listeners.get(port)
    // Docker's own proxy listens for a running edge.
    if (program === undefined || (facts.edge.running && program === 'docker-proxy')) continue
    throw deployError(
      'PORT_TAKEN',
      `port ${port} of the server is taken by ${program}`,
      `stop ${program}, or set HTTP_PORT and HTTPS_PORT in the server's .env (Let's Encrypt needs port 80), then run again`,
    )
  }
}

function isUnsettled({ live, state, containers }: Facts): boolean {
  if (live === null) return false
  return (
    state?.live.instance !== live ||
    containers.some(
      ({ name, state, isRestarted }) => name !== containerName(live) && state === 'running' && isRestarted,
    )
  )
}

function isRunning({ live, containers }: Facts): boolean {
  return live !== null && containers.some(({ name, state }) => name === containerName(live) && state === 'running')
}

/** Manifest of the release that answers now. */
export function liveManifest({ live, manifests }: Facts) {
  return live === null ? null : (manifests.find(({ id }) => id === releaseOf(live)) ?? null)
}

export function tagOf(image: string): string {
  return image.slice(image.indexOf(':') + 1)
}

function inMiB(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2)
}
