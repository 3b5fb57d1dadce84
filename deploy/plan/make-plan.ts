import { basename } from 'node:path'
import { parseDotenv } from '../../kit/settings/dotenv.ts'
import { liveInstance, routeDomain } from '../../templates/route.ts'
import { type Facts, hasImage, leftovers, liveRelease, runningContainers } from '../server/facts.ts'
import { releaseOf } from '../server/instance.ts'
import { imageTag, type Manifest } from '../server/manifest.ts'
import { droppedDomains } from './address/routed-gateway.ts'
import { planBackup } from './backup/plan-backup.ts'
import { takesLogs } from './backup/prune-backups.ts'
import type { Change, Kind } from './change.ts'
import { fallbackRelease } from './plan-rollback.ts'
import { preflight } from './preflight.ts'
import { changedParts } from './release.ts'
import { judge, type Situation, type Wishes } from './situation.ts'
import { retiredContainers, startRelease, stopPrevious, switchTo } from './take-over.ts'

type Decision<K extends Kind> = (situation: Situation) => Change<K> | undefined

/** What makes each kind of change necessary. The order is that of the plan, and so that of the effects. */
const DECISIONS: { [K in Kind]: Decision<K> } = {
  'remove-torn': removeTorn,
  'unpack-backup': unpackBackup,
  'install-docker': installDocker,
  'back-up': backUp,
  'place-certificates': placeCertificates,
  'mend-certificates': mendCertificates,
  'make-folders': makeFolders,
  'write-env': writeEnv,
  'write-logdb-script': writeLogdbScript,
  'upload-release': uploadRelease,
  'build-image': buildImage,
  'free-reserve': () => undefined,
  'use-warm': () => undefined,
  'start-edge': startEdge,
  'settle-edge': settleEdge,
  'replace-edge': replaceEdge,
  'ask-again': askAgain,
  'start-release': startNextRelease,
  'take-ports': takePorts,
  'check-release': checkRelease,
  switch: switchOver,
  watch: watchNext,
  'stop-previous': stopOthers,
  'stop-predecessor': stopPredecessor,
  'restore-logs': restoreLogs,
  'remove-unpacked': removeUnpacked,
  'get-certificate': getCertificate,
  'check-from-outside': checkFromOutside,
  'clean-up': cleanUp,
  'remove-previous-certificates': removePreviousCertificates,
  'send-backups': sendBackups,
  'keep-reserve': keepReserve,
  'place-hold': () => undefined,
  'remove-hold': () => undefined,
  'read-logs': readLogs,
  'give-back': () => undefined,
  prune: () => undefined,
  'remove-gateway': () => undefined,
  'remove-data': () => undefined,
}

/** Kinds that are due at any time, and so only made where something else is changed. */
const COMPANIONS: readonly Kind[] = [
  'unpack-backup',
  'back-up',
  'remove-unpacked',
  'check-from-outside',
  'send-backups',
  'keep-reserve',
]

/**
 * All that must be changed, in order; empty when the server is as it should be. Pure: the same facts and wishes give the
 * same plan. @throws UserError TARGET_UNSUPPORTED, DISK_FULL, PORT_TAKEN
 */
export function makePlan(facts: Facts, wishes: Wishes): Change[] {
  const situation = judge(facts, wishes)
  const changes = Object.values(DECISIONS).flatMap((decide) => decide(situation) ?? [])
  if (changes.every(({ kind }) => COMPANIONS.includes(kind))) return []
  preflight(facts, wishes.settings, changes)
  return changes
}

const LOG_DATABASES = 'logs/db'

/** A kept route file shows that a release is to be watched again, where releases are watched. */
function removeTorn({ facts, settings }: Situation): Change<'remove-torn'> | undefined {
  const hasRoutes = facts.isUnwatched && settings.watchS === 0
  return facts.hasTornFiles || hasRoutes ? { kind: 'remove-torn', hasRoutes } : undefined
}

function unpackBackup({ restore, contextHashes }: Situation): Change<'unpack-backup'> | undefined {
  if (restore === undefined) return undefined
  const { archive, staging, releaseFolder, certificates, logs, hashes } = restore
  const members = [
    ...(releaseFolder === null ? [] : [releaseFolder]),
    ...certificates,
    ...(logs ? [LOG_DATABASES] : []),
  ]
  if (members.length === 0) return undefined
  const context = releaseFolder === null ? null : { folder: releaseFolder, hashes: { ...contextHashes } }
  const isUnpacked = (path: string) => members.some((member) => path === member || path.startsWith(`${member}/`))
  const unpacked = hashes && Object.entries(hashes).filter(([path]) => isUnpacked(path))
  return {
    ...{ kind: 'unpack-backup', archive, staging, members, context },
    ...(unpacked && { hashes: Object.fromEntries(unpacked) }),
  }
}

function installDocker({ facts: { docker } }: Situation): Change<'install-docker'> | undefined {
  if (docker === null) return { kind: 'install-docker', missing: 'Docker' }
  if (docker.engine === null) return { kind: 'install-docker', missing: 'engine' }
  return docker.compose === null ? { kind: 'install-docker', missing: 'Compose' } : undefined
}

/** Before a restore also where only settings are left, which it would replace. */
function backUp(situation: Situation): Change<'back-up'> | undefined {
  const { facts, settings, restore, now, skipsBackup, env, isLiveStopped } = situation
  const isWorthIt = liveRelease(facts) !== null || (restore !== undefined && facts.env !== null)
  if (!isWorthIt || skipsBackup) return undefined
  const backup = planBackup(facts, {
    now,
    settings,
    defaultDomain: env.defaultDomain,
    includesLogs: takesLogs(settings.backupLogs, facts.backups, now),
    protects: restore === undefined ? null : basename(restore.archive.path),
  })
  return isLiveStopped ? { ...backup, mayFail: true } : backup
}

function placeCertificates({ restore, hasNewCertificates }: Situation): Change<'place-certificates'> | undefined {
  if (restore === undefined || !hasNewCertificates) return undefined
  return { kind: 'place-certificates', source: `${restore.staging}/certs` }
}

/** A backup that brings certificates brings the whole folder. */
function mendCertificates({ facts, hasNewCertificates }: Situation): Change<'mend-certificates'> | undefined {
  const { storeFaults: faults } = facts
  return faults.length === 0 || hasNewCertificates ? undefined : { kind: 'mend-certificates', faults }
}

/** Never into a folder with others: those move aside. */
function restoreLogs(situation: Situation): Change<'restore-logs'> | undefined {
  const { facts, restore, settings, image, instance, env } = situation
  const { uid, gid } = settings
  if (restore?.logs === undefined) return undefined
  return {
    kind: 'restore-logs',
    source: `${restore.staging}/${LOG_DATABASES}`,
    owner: { uid, gid },
    isReplacing: facts.hasLogDatabases,
    image,
    instance,
    granularity: env.values['LOGDB_PARTITION_GRANULARITY'] ?? '',
    ...restore.logs,
  }
}

function readLogs({ restore }: Situation): Change<'read-logs'> | undefined {
  return restore?.logs === undefined ? undefined : { kind: 'read-logs' }
}

function makeFolders(situation: Situation): Change<'make-folders'> | undefined {
  const { facts, live, release, isEnvOutdated, isLogdbScriptOutdated, isEdgeOutdated, settings } = situation
  const missing = live === null ? [] : [...facts.missingFolders]
  const isFileWritten = release !== null || isEnvOutdated || isLogdbScriptOutdated || isEdgeOutdated
  const isFirst = live === null && isFileWritten
  if (!isFirst && missing.length === 0) return undefined
  return { kind: 'make-folders', uid: settings.uid, gid: settings.gid, missing }
}

function writeEnv({ facts, env, isEnvOutdated }: Situation): Change<'write-env'> | undefined {
  if (!isEnvOutdated) return undefined
  const before = facts.env === null ? env.values : parseDotenv(facts.env).values
  return {
    kind: 'write-env',
    text: env.text,
    uploaded: env.uploaded,
    hasNewKey: env.generatedKey !== null,
    changed: Object.keys(env.values).filter((name) => env.values[name] !== before[name]),
    removed: Object.keys(before).filter((name) => env.values[name] === undefined),
    rebuiltFrom: env.rebuiltFrom,
  }
}

function writeLogdbScript(situation: Situation): Change<'write-logdb-script'> | undefined {
  const { logdbScript: text, isLogdbScriptOutdated } = situation
  return isLogdbScriptOutdated ? { kind: 'write-logdb-script', text } : undefined
}

function uploadRelease({ release, context }: Situation): Change<'upload-release'> | undefined {
  return release === null ? undefined : { kind: 'upload-release', release, context }
}

function removeUnpacked(situation: Situation): Change<'remove-unpacked'> | undefined {
  const unpacked = unpackBackup(situation)
  return unpacked && { kind: 'remove-unpacked', staging: unpacked.staging }
}

function buildImage(situation: Situation): Change<'build-image'> | undefined {
  const { facts, release, isLiveStopped, image, instance, settings } = situation
  if ((release === null && !isLiveStopped) || hasImage(facts, image)) return undefined
  const { nodeImage, gatewayImage: prebuilt } = settings
  return { kind: 'build-image', image, nodeImage, release: releaseOf(instance), prebuilt }
}

/** One that runs and is only to change is replaced instead. */
function startEdge(situation: Situation): Change<'start-edge'> | undefined {
  const { facts, edge, isEdgeOutdated, isEdgeStarted, gateway } = situation
  if (!isEdgeStarted || isAdopting(facts)) return undefined
  return {
    kind: 'start-edge',
    files: isEdgeOutdated ? edge : null,
    isFirst: facts.edge.composeFile === null,
    isInterrupted: facts.edge.isRunning,
    trouble: facts.edge.trouble ?? null,
    gateway,
    expects: answeringInstance(situation),
  }
}

/** The Python gateway has the ports. */
function isAdopting({ predecessor }: Facts): boolean {
  return predecessor?.isRunning ?? false
}

function takePorts({ facts, edge: files, instance, gateway }: Situation): Change<'take-ports'> | undefined {
  if (!isAdopting(facts)) return undefined
  const connections = facts.predecessor?.connections ?? 0
  return { kind: 'take-ports', files, instance, gateway, connections, why: 'took over from the Python gateway' }
}

/** Also where a run was cut off before it. */
function stopPredecessor({ facts, settings: { uid, gid } }: Situation): Change<'stop-predecessor'> | undefined {
  const isLeft = facts.live !== null && (facts.predecessor?.isLeft ?? false)
  return isAdopting(facts) || isLeft ? { kind: 'stop-predecessor', uid, gid } : undefined
}

function settleEdge(situation: Situation): Change<'settle-edge'> | undefined {
  if (!situation.facts.edge.isHandedOver) return undefined
  return { kind: 'settle-edge', gateway: situation.gateway, expects: answeringInstance(situation) }
}

/** Traefik reads its settings and certificates only when it starts. */
function replaceEdge(situation: Situation): Change<'replace-edge'> | undefined {
  const { facts, edge: files, isEdgeStarted, isEdgeOutdated, hasNewCertificates, gateway } = situation
  const hasOtherStore = hasNewCertificates || mendCertificates(situation) !== undefined
  if (isEdgeStarted || !(isEdgeOutdated || hasOtherStore)) return undefined
  return {
    kind: 'replace-edge',
    files,
    reason: isEdgeOutdated ? 'settings' : 'certificates',
    obstacle: handoverObstacle(situation),
    isIpv6Cut: facts.interfaces.some((address) => address.includes(':')),
    gateway,
    expects: answeringInstance(situation),
  }
}

/** Why a second edge cannot take the connections; null if it can. It gets no certificate itself. */
function handoverObstacle({ facts, settings, hasNewCertificates }: Situation): string | null {
  const domain = facts.route && routeDomain(facts.route)
  const { storage } = settings.acme
  const isCertified = facts.certificates.some((one) => one.file === storage && one.domain === domain)
  if (!facts.edge.canHandOver) return 'Docker does not lead connections there with iptables'
  return isCertified || hasNewCertificates ? null : `${storage} has no certificate for a second one`
}

/** Traefik asks for a certificate again only when its routes change. */
function askAgain(situation: Situation): Change<'ask-again'> | undefined {
  const { release, isRouteOutdated, needsCertificate } = situation
  const isAsked =
    isAdopting(situation.facts) || startEdge(situation) !== undefined || replaceEdge(situation) !== undefined
  if (isAsked || !needsCertificate || release !== null || isRouteOutdated) return undefined
  return { kind: 'ask-again' }
}

/** Instance that answers now, as far as it can be expected to. */
function answeringInstance({ facts, liveTrouble, isRouteCurrent }: Situation): string | null {
  return liveTrouble === null && isRouteCurrent ? facts.live : null
}

function startNextRelease({ facts, live, release, instance, isLiveStopped, liveTrouble }: Situation) {
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

function checkRelease(situation: Situation): Change<'check-release'> | undefined {
  const { facts, live, release, instance, gateway } = situation
  if (instance === facts.live || isAdopting(facts)) return undefined
  const isReplacing = release !== null && live !== null
  const why = isReplacing ? `changed: ${changedParts(live.manifest, release.manifest).join(', ')}` : ''
  const measures = watchNext(situation)?.wayBack
  return { kind: 'check-release', instance, gateway, why, ...(measures && { measures }) }
}

function switchOver(situation: Situation): Change<'switch'> | undefined {
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
function watchNext(situation: Situation): Change<'watch'> | undefined {
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

function stopOthers({ facts, instance, settings }: Situation): Change<'stop-previous'> | undefined {
  const isTakenOver = facts.live !== null && facts.live !== instance
  const others = [...leftovers(facts), ...retiredContainers(facts, isTakenOver)]
  return isTakenOver || others.length > 0 ? stopPrevious(facts, instance, settings.warmS) : undefined
}

function getCertificate(situation: Situation): Change<'get-certificate'> | undefined {
  const { needsCertificate, gateway, settings, outside } = situation
  if (!needsCertificate) return undefined
  const { domain, httpsPort } = gateway
  const { extraCa, acceptsUntrusted } = outside
  const { caServer } = settings.acme
  return {
    kind: 'get-certificate',
    domain,
    caServer,
    httpsPort,
    extraCa,
    ...(acceptsUntrusted && { acceptsUntrusted }),
  }
}

function checkFromOutside({ gateway, instance, outside }: Situation): Change<'check-from-outside'> {
  return { kind: 'check-from-outside', gateway, instance, outside, isAfterChanges: true }
}

const RELEASES_KEPT = 5

/** Keeps what a rollback may need. */
function cleanUp({ facts, live, release, instance, image }: Situation): Change<'clean-up'> | undefined {
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

function sendBackups({ copies, image }: Situation): Change<'send-backups'> | undefined {
  return copies && { kind: 'send-backups', image, ...copies }
}

function keepReserve({ facts }: Situation): Change<'keep-reserve'> | undefined {
  return facts.hasReserve ? undefined : { kind: 'keep-reserve' }
}

function removePreviousCertificates({
  hasNewCertificates,
}: Situation): Change<'remove-previous-certificates'> | undefined {
  return hasNewCertificates ? { kind: 'remove-previous-certificates' } : undefined
}
