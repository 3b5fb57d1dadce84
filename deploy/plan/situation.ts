import { renderRoute } from '../../templates/route.ts'
import type { ServerSettings } from '../../templates/server-settings.ts'
import type { ImageBuilder } from '../local/image-builder.ts'
import type { OutsideView } from '../probe/outside-probe.ts'
import type { OwnCertificate } from '../server/certificates/own-certificates.ts'
import { type Facts, isStartable, isUnrecorded, type LiveRelease, liveRelease } from '../server/facts.ts'
import { containerName, releaseOf } from '../server/instance.ts'
import { GATEWAY_PORT } from '../server/layout.ts'
import type { Manifest } from '../server/manifest.ts'
import { needsCertificate } from './address/certificate-hold.ts'
import type { GatewayAddress } from './address/gateway-address.ts'
import { checkAddress } from './address/ip-certificate.ts'
import {
  checkOwnCertificate,
  type GivenCertificate,
  ownCertificateAfter,
  readsStore,
} from './address/own-certificate.ts'
import { routedGateway } from './address/routed-gateway.ts'
import type { ContextSource, LiveTrouble } from './change.ts'
import { chooseInstance } from './choose-instance.ts'
import { type EdgeFiles, edgeFiles } from './edge-files.ts'
import { contentDigest, makeRelease, type Release, type ReleaseContent } from './release.ts'
import type { ServerEnv } from './server-env.ts'

/** What a server is to become. */
export interface Wishes {
  settings: ServerSettings
  env: ServerEnv
  /** SHA-256 of each file of the build context, by path. */
  contextHashes: Readonly<Record<string, string>>
  context: ContextSource
  /** Text of config.yml, already valid. */
  config: string
  /** As in `Manifest`. */
  configFrom?: Manifest['configFrom']
  traefikBase: string
  logdbScript: string
  /** Text of scripts/logdb-routine. */
  routineScript: string
  /** PEM that the edge must trust for the ACME directory. */
  acmeCa: string | null
  outside: OutsideView
  now: Date
  /** Builds the image of a release of the files here; undefined if the server does. */
  imageBuilder?: ImageBuilder | undefined
  /** No backup is made, since the user does not want one. */
  skipsBackup?: boolean
  /** Names that the gateway had before do not answer any more. */
  dropsOldDomains?: boolean
  /** What may be stopped while a certificate is issued on port 80, as in `docker:web`. */
  freePorts?: readonly string[] | undefined
  /** The owner's certificate; null goes back to the CA, undefined leaves it as it is. */
  ownCertificate?: GivenCertificate | null | undefined
  /** Where copies of backups go; undefined for nowhere. */
  copies?: CopyWishes | undefined
  /** Of a backup that is brought back. */
  restore?: RestoreWishes
}

/** Without secrets. */
export interface CopyWishes {
  to: string
  isEncrypted: boolean
}

export interface RestoreWishes {
  archive: { path: string; isLocal: boolean }
  /** Folder on the server to unpack it into. */
  staging: string
  /** Folder in the archive of the release that is brought back; null if the archive has none. */
  releaseFolder: string | null
  /** Members that hold the certificates to put in place; none to leave the server's. */
  certificates: string[]
  /** Its log databases come back; undefined to leave those of the server. */
  logs?: { id: string; inconsistent: string[] }
  /** SHA-256 of each file by path, of an archive with a manifest. */
  hashes?: Readonly<Record<string, string>>
}

/** What the facts mean for the wishes: everything that more than one decision needs. */
export interface Situation extends Wishes {
  facts: Facts
  live: LiveRelease | null
  /** The new release; null when the live one is what it should be. */
  release: Release | null
  /** Instance that answers afterwards. */
  instance: string
  /** Image of its release. */
  image: string
  gateway: GatewayAddress
  edge: EdgeFiles
  /** The owner's certificate that is in use afterwards; null for one of the CA. */
  own: OwnCertificate | null
  isEnvOutdated: boolean
  isLogdbScriptOutdated: boolean
  isEdgeOutdated: boolean
  /** The edge does not run, or is in trouble. */
  isEdgeStarted: boolean
  /** Why the live release does not answer; null if it should. */
  liveTrouble: LiveTrouble | null
  /** The live release stays, but must be started: it is in trouble. */
  isLiveStopped: boolean
  /** The live release stays, but a deploy that was cut off has not recorded it. */
  isUnrecorded: boolean
  /** The edge leads to the live release, at the domain that it is to have. */
  isRouteCurrent: boolean
  /** The live release stays, but the route file is not what it should be (another domain). */
  isRouteOutdated: boolean
  /** The edge has no certificate for the domain yet, and may ask for one. */
  needsCertificate: boolean
  /** A backup brings certificates that are put in place. */
  hasNewCertificates: boolean
}

export function judge(facts: Facts, wishes: Wishes): Situation {
  const { settings, env, acmeCa } = wishes
  const own = ownCertificateAfter(facts, wishes)
  if (own === null) checkAddress(settings)
  checkOwnCertificate(own, settings.domain)
  const edge = edgeFiles(settings, wishes.traefikBase, acmeCa, readsStore(facts, settings, own))
  const live = liveRelease(facts)
  const trouble = liveTrouble(facts)
  const next = nextRelease(facts, live, trouble, wishes)
  const stays = next.release === null
  const gateway = routedGateway(facts, settings, env.values['API_KEYS'], wishes)
  const { isCertificateHeld: isHeld = false } = gateway
  // An edge that has not asked again yet is left as it is.
  const routes = isHeld ? [gateway, { ...gateway, isCertificateHeld: false }] : [gateway]
  const isRouteCurrent = routes.some((one) => facts.route === renderRoute({ ...one, live: facts.live }, GATEWAY_PORT))
  return {
    ...wishes,
    ...next,
    facts,
    live,
    gateway,
    edge,
    own,
    isEnvOutdated: facts.env !== env.text,
    isLogdbScriptOutdated: facts.logdbScript !== wishes.logdbScript,
    isEdgeOutdated: isEdgeOutdated(facts, edge),
    isEdgeStarted: !facts.edge.isRunning || (facts.edge.trouble ?? null) !== null,
    liveTrouble: trouble,
    isLiveStopped: stays && trouble !== null,
    isUnrecorded: stays && isUnrecorded(facts),
    isRouteCurrent,
    isRouteOutdated: stays && !isRouteCurrent,
    needsCertificate: own === null && !isHeld && needsCertificate({ ...facts, ownCertificates: [] }, settings),
    hasNewCertificates: wishes.restore !== undefined && wishes.restore.certificates.length > 0,
  }
}

/** A release that can neither be started nor built again is replaced by one of the same content. */
function nextRelease(
  facts: Facts,
  live: LiveRelease | null,
  trouble: LiveTrouble | null,
  wishes: Wishes,
): Pick<Situation, 'release' | 'instance' | 'image'> {
  const content: ReleaseContent = {
    context: wishes.contextHashes,
    config: wishes.config,
    environment: wishes.env.values,
    settings: wishes.settings,
    configFrom: wishes.configFrom,
  }
  if (
    live !== null &&
    live.manifest.content === contentDigest(content) &&
    isStartable(facts, live.manifest.image, live.instance)
  ) {
    const { id, image } = live.manifest
    // What may only be slow keeps running, and finishes what it can, until another run of it has taken over.
    const instance =
      trouble !== null && REPLACED.includes(trouble) ? chooseInstance(id, facts.containers) : live.instance
    return { release: null, instance, image }
  }
  const release = makeRelease(content, wishes.now)
  return { release, instance: release.manifest.id, image: release.manifest.image }
}

/** A container in this trouble keeps running until another one has taken over. */
const REPLACED: readonly LiveTrouble[] = ['silent', 'stopping', 'logless', 'crashing', 'failed']

/** Why the live release does not answer; null if it should. */
export function liveTrouble({ live, isLiveSilent, containers, missingFolders, readyMarks }: Facts): LiveTrouble | null {
  const container = containers.find(({ name }) => live !== null && name === containerName(live))
  if (container?.state === 'paused') return 'paused'
  if (container?.isCrashing) return 'crashing'
  if (container?.state !== 'running') return 'stopped'
  if (container.isStopping) return 'stopping'
  if (container.isDetached) return 'detached'
  if (missingFolders.includes('logs') || container.isUnmounted) return 'logless'
  if (isLiveSilent) return 'silent'
  const mark = readyMarks.find(({ release }) => live !== null && release === releaseOf(live))
  return mark?.failed === undefined ? null : 'failed'
}

function isEdgeOutdated({ edge }: Facts, wanted: EdgeFiles): boolean {
  const { composeFile, traefikConfig, acmeCa, label = null } = edge
  if (composeFile !== wanted.compose || traefikConfig !== wanted.traefik || acmeCa !== wanted.acmeCa) return true
  // The files were written, but the run was cut off before they took effect.
  return edge.isRunning && label !== null && !wanted.compose.includes(label)
}
