import type { ImageBuilder } from '../local/image-builder.ts'
import type { OutsideView } from '../probe/outside-probe.ts'
import type { TrafficPace } from '../probe/traffic.ts'
import type { Scheduler } from '../remote/logdb/schedule.ts'
import type { StoreFault } from '../server/certificates/certificate-store.ts'
import type { EdgeTrouble } from '../server/facts.ts'
import type { Hold } from '../server/lock/hold.ts'
import type { Often } from '../server/logdb/routine-entry.ts'
import type { ReleaseState } from '../server/state.ts'
import type { GatewayAddress } from './address/gateway-address.ts'
import type { EdgeFiles } from './edge-files.ts'
import type { Release } from './release.ts'

/**
 * What each kind of change holds: all that is needed to describe it and to carry it out, as plain data. How that is done is
 * in steps/changes/KIND.ts.
 */
interface ChangeData {
  /** `hasRoutes`: route files that were kept for a way back which nobody takes any more are among them. */
  'remove-torn': { hasRoutes: boolean }
  /** `programs`: what a run that was cut off has stopped. */
  'return-ports': { programs: string[] }
  'certificate-first': CertificateFirst
  'unpack-backup': Unpacking
  'install-docker': { missing: 'Docker' | 'engine' | 'Compose' }
  'back-up': BackingUp
  'place-certificates': { source: string }
  'mend-certificates': MendingCertificates
  /** `missing`: folders of a server that had them all. */
  'place-own-certificates': PlacingOwn
  /** `files` in certs/ go; `isConfigRemoved`: the edge reads none any more; `hasNext`: one of the CA is there. */
  'remove-own-certificates': { files: string[]; isConfigRemoved: boolean; hasNext: boolean }
  'make-folders': Owner & { missing: string[] }
  'write-env': WritingEnv
  'write-logdb-script': { text: string }
  'place-routine': PlacingRoutine
  'remove-routine': Record<never, never>
  'upload-release': { release: Release; context: ContextSource }
  'build-image': BuildingImage
  'free-reserve': Record<never, never>
  'start-edge': StartingEdge
  'settle-edge': EdgeStart
  'replace-edge': ReplacingEdge
  'ask-again': Record<never, never>
  /** `connections`: how many of the Python gateway's clients are cut; `why` is kept with the release. */
  'take-ports': TakingOver
  'start-release': { instance: string; isContainerKept: boolean; reason: StartReason }
  /** `why` is kept with the release. */
  'check-release': CheckingRelease
  'start-ui': StartingUi
  'remove-ui': Record<never, never>
  switch: Switching
  watch: Watching
  'stop-previous': StoppingPrevious
  'stop-predecessor': Owner
  /** `instance`: what answers now, and stops then. */
  'give-back': { instance: string; gateway: GatewayAddress }
  'use-warm': { instance: string; from: string | null; untilS: number; gateway: GatewayAddress }
  'restore-logs': RestoringLogs
  'remove-unpacked': { staging: string }
  'get-certificate': GettingCertificate
  'check-from-outside': OutsideCheck
  'clean-up': CleaningUp
  'remove-previous-certificates': Record<never, never>
  'send-backups': SendingBackups
  'keep-reserve': Record<never, never>
  'place-hold': { text: string }
  'remove-hold': { hold: Hold }
  'read-logs': Record<never, never>
  prune: Pruning
  'rehearse-restore': RehearsingRestore
  'begin-traffic': BeginningTraffic
  'watch-traffic': { answeringMs: number }
  /** A container that was started for a drill only. */
  'remove-instance': { instance: string }
  /** `instance`: what must have answered some of it; `maxS`: what it may have taken. */
  'end-traffic': { instance: string; maxS: number }
  /** `isLive`: something answers there. */
  'remove-gateway': { containers: string[]; tags: string[]; isLive: boolean }
  'remove-data': { backups: number; hasLogDatabases: boolean }
}

export type Kind = keyof ChangeData

/** One change of a server; a plan is a list of them, in the order in which they are made. */
export type Change<K extends Kind = Kind> = { [P in K]: { kind: P } & ChangeData[P] }[K]

/** User and group of the gateway's container, which own logs/. */
interface Owner {
  uid: number
  gid: number
}

interface Unpacking {
  archive: { path: string; isLocal: boolean }
  /** Folder on the server that is made for it. */
  staging: string
  /** What is unpacked. */
  members: string[]
  /** The build context among it: its folder in `staging`, and the SHA-256 of each file. */
  context: { folder: string; hashes: Record<string, string> } | null
  /** SHA-256 of each unpacked file by path, if the archive has a manifest. */
  hashes?: Record<string, string>
}

interface BuildingImage {
  image: string
  nodeImage: string
  release: string
  /** Image that is pulled instead. */
  prebuilt: string | null
  /** It is built on this machine and sent. */
  local?: LocalBuild | undefined
}

export interface LocalBuild extends ImageBuilder {
  /** Platform of the server. */
  target: string
}

interface MendingCertificates {
  faults: readonly StoreFault[]
  /** A store that is set aside is replaced by that of the first of these backups which has a valid certificate for it. */
  domain: string
  backups: string[]
}

interface CertificateFirst {
  /** What is stopped meanwhile, as in `docker:web` and `systemd:nginx`. */
  programs: string[]
  files: EdgeFiles
  domain: string
  /** Directory URL. */
  caServer: string
  /** File in certs/. */
  storage: string
  /** End of the present certificate, in seconds since 1970; 0 if there is none. */
  validUntilS: number
  /** Of the server, where the edge listens afterwards. */
  httpPort: number
}

interface PlacingOwn {
  file: string
  /** Certificates and key in PEM; null if the file is there. */
  pem: string | null
  names: string[]
  /** Seconds since 1970. */
  validUntilS?: number
  /** Text of the file that names it for the edge. */
  config: string
  /** The CA gave the certificate until now. */
  isFirst: boolean
}

interface RestoringLogs {
  /** Unpacked logs/db. */
  source: string
  /** Ends the names of what is moved aside. */
  id: string
  owner: Owner
  /** There are log databases, which move aside. */
  isReplacing: boolean
  /** Image of the release that answers then, which has logdb. */
  image: string
  instance: string
  /** LOGDB_PARTITION_GRANULARITY; empty for the default. */
  granularity: string
  /** Databases, by path in logs/db, that are put next to the others. */
  inconsistent: string[]
}

interface BackingUp {
  /** File in backups/. */
  name: string
  /** The release that answers now, whose folder goes in; null if there is none. */
  release: string | null
  /** Image that copies the log databases. */
  image: string | null
  owner: Owner
  includesLogs: boolean
  /** What follows repairs what does not answer, and must not wait for space. */
  mayFail?: boolean
  /** The user asked for it; else it comes before other changes. */
  isRequested?: boolean
  /** Number of this backup among all of the server. */
  counter: number
  domain: string
  /** Name that the server has without one of its own. */
  defaultDomain: string | null
  /** Name of a backup that must not be removed for the new one. */
  protects: string | null
}

interface SendingBackups {
  /** Where to, without secrets. */
  to: string
  isEncrypted: boolean
  /** Image of a release, which has the sender. */
  image: string
}

interface PlacingRoutine {
  scheduler: Scheduler
  often: Often
  /** Text of the script. */
  script: string
  /** Texts that make the server call it. */
  entry: string[]
}

interface WritingEnv {
  /** New text of .env. */
  text: string
  /** Names that a first deploy takes from this machine's .env. */
  uploaded: string[]
  hasNewKey: boolean
  /** Names whose value changes in an existing .env. */
  changed: string[]
  /** Names that leave it. */
  removed: string[]
  /** The live release that a lost .env is put together from; null if it is not lost. */
  rebuiltFrom: string | null
}

/** Where the build context of a new release comes from: this machine, or a folder of the server. */
export type ContextSource = { kind: 'local' } | { kind: 'server'; folder: string }

interface StartingEdge extends EdgeStart {
  /** Null to leave them as they are. */
  files: EdgeFiles | null
  isFirst: boolean
  isInterrupted: boolean
  /** Why it is started although it exists. */
  trouble: EdgeTrouble | null
}

interface ReplacingEdge extends EdgeStart {
  files: EdgeFiles
  reason: 'settings' | 'certificates'
  /** Why a second edge cannot answer meanwhile; null if it can. */
  obstacle: string | null
  /** The server has an IPv6 address, and Docker passes on what comes there by its own proxy. */
  isIpv6Cut: boolean
}

interface EdgeStart {
  gateway: GatewayAddress
  /** Instance that must answer through the edge afterwards. */
  expects: string | null
}

type StartReason =
  /** `replaces`: release that it takes over from; `changed`: what differs, in words. */
  | { kind: 'new'; replaces: string | null; changed: string[] }
  /** `fallback`: release that takes over if this one cannot be put to work again; null if there is none. */
  | { kind: 'broken'; trouble: LiveTrouble; fallback: string | null }
  | { kind: 'rollback'; from: string | null }
  /** The release that answers runs once more, for a drill. */
  | { kind: 'drill' }

/**
 * Why the live release does not answer. `silent`: it runs, but its own container gets no answer from it. `stopping`: somebody
 * has told it to stop. `logless`: the folder that it writes logs to was removed. `crashing`: it ends again and again.
 * `failed`: it was found bad while it was watched, and a run that was cut off did not take it back.
 */
export type LiveTrouble = 'stopped' | 'paused' | 'detached' | 'silent' | 'stopping' | 'logless' | 'crashing' | 'failed'

/**
 * What a switch brings in addition to the release: another domain, one that does not answer any more, a certificate that may
 * be asked for again, the route that was lost, the record of what answers, or the end of a drill.
 */
type SwitchNews = 'domain' | 'dropped' | 'certificate' | 'route' | 'record' | 'back'

interface TakingOver {
  files: EdgeFiles
  instance: string
  gateway: GatewayAddress
  connections: number
  why: string
}

interface CheckingRelease {
  instance: string
  gateway: GatewayAddress
  why: string
  /** Instance that answers now, whose speed is measured for the watch. */
  measures?: string
}

interface StartingUi {
  release: string
  domain: string
  /** Text of the file that leads to it. */
  route: string
  /** There is one of another release. */
  isAgain: boolean
  /** What it is part of must not fail with it. */
  mayFail: boolean
}

interface Switching {
  instance: string
  previous: ReleaseState | null
  gateway: GatewayAddress
  news: SwitchNews[]
  /** Names that do not answer any more. */
  dropped?: string[]
  /** The release is watched next, and taken back if it is bad. */
  isWatched?: boolean
}

interface Watching {
  instance: string
  gateway: GatewayAddress
  seconds: number
  /** Instance that answers again if this one is bad; null if there is none, or if it stays anyway. */
  wayBack: string | null
  /** The Python gateway answers again if this one is bad. */
  isAdopting?: boolean
  isRollback: boolean
  /**
   * The watch of the live release was cut off and is made again; `fallback`: release that takes over if it is bad, null if
   * there is none.
   */
  again?: { fallback: string | null }
}

interface StoppingPrevious {
  /** All that are told to stop at once. */
  containers: string[]
  /** Those of them that a run which was cut off left running. */
  leftovers: string[]
  /** Those of them that were kept running for a rollback, and are not needed for that any more. */
  retired: string[]
  /** Instance that was live until now; null if it stays. */
  previous: string | null
  /** How long `previous` keeps running; 0 to stop it at once. */
  warmS: number
}

interface GettingCertificate {
  domain: string
  /** Directory URL. */
  caServer: string
  httpsPort: number
  extraCa: string | null
  /** Any chain will do, since it comes from a CA for tests. */
  acceptsUntrusted?: boolean
}

interface OutsideCheck {
  gateway: GatewayAddress
  instance: string | null
  outside: OutsideView
  /** After changes completions are checked too, and the way here may need a moment. */
  isAfterChanges: boolean
}

interface CleaningUp {
  /** Release that answers. */
  live: string
  /** How many earlier ones are kept. */
  keptCount: number
  /** Releases that would go, but still finish their running answers. */
  draining: string[]
  removed: RemovedRelease[]
  keptTags: string[]
}

export interface RemovedRelease {
  release: string
  containers: string[]
}

interface RehearsingRestore {
  /** File in backups/. */
  backup: string
  unpacking: Change<'unpack-backup'>
  /** Unpacked folder of its release. */
  folder: string
  image: string
  owner: Owner
}

interface BeginningTraffic {
  pace: TrafficPace
  /** How long it lasts before anything is changed: long enough to see that nothing works from here. */
  beforeMs: number
  gateway: GatewayAddress
  outside: OutsideView
  /** Of all its requests. */
  dialogId: string
}

interface Pruning {
  removed: RemovedRelease[]
  /** Tags of images that go. */
  tags: string[]
  keptTags: string[]
}
