import { type Host, run } from '../host/host.ts'
import { facts as factsScript } from '../remote/inspection.ts'
import { parseBackupCopies } from './backup/backup-copies.ts'
import { type BackupSummary, parseBackupSummary } from './backup/backup-manifest.ts'
import { parseAcmeAttempts } from './certificates/acme-attempts.ts'
import { readCertificateStores } from './certificates/certificate-store.ts'
import { readOwnCertificates } from './certificates/own-certificates.ts'
import type {
  BackupFact,
  ComposeCommand,
  ContainerFact,
  DockerFacts,
  EdgeFacts,
  EdgeTrouble,
  Facts,
  PredecessorFacts,
} from './facts.ts'
import { findLive } from './find-live.ts'
import { containerName } from './instance.ts'
import { EDGE_CONTAINER } from './layout.ts'
import { parseHold } from './lock/hold.ts'
import { readRoutine } from './logdb/routine-fact.ts'
import { readUi } from './logdb/ui-fact.ts'
import type { Manifest } from './manifest.ts'
import { type Pairs, readPairs, splitOnce } from './pairs.ts'
import { parseReadyMark, parseState } from './state.ts'

/**
 * Looks at the server with one script.
 * @param patienceMs how long a gateway may take to answer before it is called silent, if not the usual time
 * @throws CommandFailed
 */
export async function gatherFacts(host: Host, folder: string, patienceMs?: number): Promise<Facts> {
  return parseFacts(await run(host, `look at ${host.name}`, factsScript(folder, patienceMs)))
}

/** Reads what the script prints. */
export function parseFacts(output: string): Facts {
  const pairs = readPairs(output)
  const stateText = pairs.text('state')
  const holdText = pairs.text('hold')
  const evidence = {
    route: pairs.text('route') ?? null,
    state: stateText === undefined ? null : parseState(stateText),
    containers: pairs.all('container').map((line) => readContainer(line, pairs)),
    manifests: pairs.suffixes('manifest_').flatMap((id) => parseManifest(pairs.text(`manifest_${id}`), id)),
    readyMarks: pairs.suffixes('ready_').map((id) => parseReadyMark(pairs.text(`ready_${id}`) ?? '', id)),
  }
  const live = findLive(evidence)
  return {
    ...evidence,
    os: { id: pairs.one('os') ?? '', like: pairs.one('os_like') ?? '', arch: pairs.one('arch') ?? '' },
    docker: parseDocker(output),
    clockS: Number(pairs.one('clock')),
    freeBytes: { docker: freeBytes(pairs.one('docker_disk')), folder: freeBytes(pairs.one('folder_disk')) },
    listeners: new Map(pairs.all('listener').map(readListener)),
    interfaces: pairs.all('interface'),
    folder: pairs.one('folder') ?? '',
    watchedDigest: pairs.one('watched') ?? '',
    env: pairs.text('env') ?? null,
    hold: holdText === undefined ? null : parseHold(holdText),
    live,
    isLiveSilent: live !== null && pairs.all('silent').includes(containerName(live)),
    current: pairs.one('current') ?? null,
    missingFolders: pairs.all('missing'),
    hasTornFiles: pairs.one('torn') !== undefined,
    isUnwatched: pairs.one('unwatched') !== undefined,
    hasReserve: pairs.one('reserve') !== undefined,
    ...{ edge: readEdge(pairs), predecessor: readPredecessor(pairs.one('predecessor')) },
    ...{ logdbScript: pairs.text('scripts_logdb') ?? null, routine: readRoutine(pairs), ui: readUi(pairs) },
    imageTags: pairs.all('image'),
    ...readCertificates(pairs),
    backups: pairs.all('backup').map((line) => readBackup(line, pairs)),
    copies: parseBackupCopies(pairs.text('copies') ?? ''),
    hasLogDatabases: pairs.one('log_databases') !== undefined,
  }
}

type CertificateFacts =
  | 'freedPorts'
  | 'certificates'
  | 'storeFaults'
  | 'acmeAttempts'
  | 'ownCertificates'
  | 'ownCertificateConfig'

function readCertificates(pairs: Pairs): Pick<Facts, CertificateFacts> {
  return {
    ...readCertificateStores(pairs),
    acmeAttempts: parseAcmeAttempts(pairs.text('attempts') ?? ''),
    ownCertificates: readOwnCertificates(pairs),
    ownCertificateConfig: pairs.text('owncerts') ?? null,
    freedPorts: (pairs.text('freed') ?? '').split('\n').flatMap((line) => (line === '' ? [] : line.replace(' ', ':'))),
  }
}

function readPredecessor(line: string | undefined): PredecessorFacts | null {
  if (line === undefined) return null
  const [state, connections, others = '0'] = line.split(' ')
  return { isRunning: state === 'running', connections: Number(connections), isLeft: Number(others) > 0 }
}

/** Null when there is no docker program; also reads what the installation prints at its end. */
export function parseDocker(output: string): DockerFacts | null {
  const pairs = readPairs(output)
  if (pairs.all('docker').length === 0) return null
  return { engine: pairs.one('docker') ?? null, compose: readCompose(pairs) }
}

/** The plugin, else the program. */
function readCompose(pairs: Pairs): ComposeCommand | null {
  const plugin = pairs.one('compose_plugin')
  if (plugin) return { argv: ['docker', 'compose'], version: plugin }
  const program = pairs.one('compose_program')
  return program ? { argv: ['docker-compose'], version: program } : null
}

function readEdge(pairs: Pairs): EdgeFacts {
  const isMissing = pairs.all('missing').some((folder) => ['edge/dynamic', 'certs'].includes(folder))
  const isUnmounted = isMissing || pairs.all('unmounted').includes(EDGE_CONTAINER)
  const [state = '', network, health] = (pairs.one('edge') ?? '').split(' ')
  return {
    isRunning: state === 'running',
    trouble: edgeTrouble(state, {
      isUnnamed: pairs.one('unnamed') !== undefined,
      isOffNetwork: isDetached(network, pairs),
      isUnmounted,
      health,
    }),
    folder: pairs.one('edge_folder') ?? null,
    canHandOver: pairs.one('edge_redirect') === 'possible',
    isHandedOver: pairs.all('edge_handed_over').length > 0,
    label: pairs.one('edge_label') || null,
    composeFile: pairs.text('edge_compose.yml') ?? null,
    traefikConfig: pairs.text('edge_traefik.yml') ?? null,
    acmeCa: pairs.text('edge_acme-ca.pem') ?? null,
  }
}

/** A manifest that cannot be read is as good as none: its release is never taken for unchanged. */
function parseManifest(text: string | undefined, id: string): Manifest[] {
  try {
    const manifest: Manifest = JSON.parse(text ?? '')
    return manifest.id === id ? [manifest] : []
  } catch {
    return []
  }
}

/** From the last line of `df -Pk`. */
function freeBytes(line: string | undefined): number {
  return Number(line?.trim().split(/\s+/)[3] ?? 0) * 1024
}

function readListener(line: string): [number, string] {
  const [port, program] = splitOnce(line, ' ')
  return [Number(port), program]
}

interface EdgeSigns {
  isOffNetwork: boolean
  isUnmounted: boolean
  isUnnamed: boolean
  health: string | undefined
}

function edgeTrouble(
  state: string,
  { isOffNetwork, isUnmounted, isUnnamed, health }: EdgeSigns,
): EdgeTrouble | undefined {
  if (state === 'paused') return 'paused'
  if (state !== 'running') return undefined
  if (isUnnamed) return 'unnamed'
  if (isOffNetwork) return 'detached'
  if (isUnmounted) return 'unmounted'
  return health === 'unhealthy' ? 'unhealthy' : undefined
}

function readContainer(line: string, pairs: Pairs): ContainerFact {
  const [name = '', state = '', release = '', restart, network, restarts, startedAt] = line.split(' ')
  return {
    name,
    state,
    release,
    isRestarted: restart === 'unless-stopped',
    isDetached: isDetached(network, pairs),
    isStopping: pairs.all('stopping').includes(name),
    ...(pairs.all('unmounted').includes(name) && { isUnmounted: true }),
    ...(isCrashing(state, { restarts, startedAt, clockS: Number(pairs.one('clock')) }) && { isCrashing: true }),
    ...(state === 'running' && warmUntilS(name, pairs)),
  }
}

/** Restarts from which on an end was not a single accident, if the last one is this recent. */
const MANY_RESTARTS = 3
const RECENT_S = 120

interface RestartSigns {
  restarts: string | undefined
  startedAt: string | undefined
  clockS: number
}

function isCrashing(state: string, { restarts, startedAt, clockS }: RestartSigns): boolean {
  if (state === 'restarting') return true
  const isRecent = clockS - Date.parse(startedAt ?? '') / 1000 < RECENT_S
  return state === 'running' && Number(restarts) >= MANY_RESTARTS && isRecent
}

function warmUntilS(name: string, pairs: Pairs): { warmUntilS?: number } {
  const [container, until] = splitOnce(pairs.one('warm') ?? '', ' ')
  return container === name ? { warmUntilS: Number(until) } : {}
}

/** @param network id of the network that a container is on; a stopped one may keep the id of a network that is gone */
function isDetached(network: string | undefined, pairs: Pairs): boolean {
  return network !== undefined && network !== 'unset' && network !== pairs.one('network')
}

function readBackup(line: string, pairs: Pairs): BackupFact {
  const [size = '', rest] = splitOnce(line, ' ')
  const [modified, name] = splitOnce(rest, ' ')
  return {
    name,
    sizeBytes: Number(size),
    modifiedS: Number(modified),
    summary: readSummary(pairs.text(`summary_${name}`)),
    isPredecessors: pairs.all('predecessors').includes(name),
  }
}

/** Of a backup.json that was cut off before its list of files. */
function readSummary(text: string | undefined): BackupSummary | null {
  return (text && parseBackupSummary(`${text.trimEnd().replace(/,$/, '')}}`)) || null
}
