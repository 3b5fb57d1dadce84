import { liveInstance } from '../../templates/route.ts'
import type { Argv } from '../host/argv.ts'
import { type Host, run } from '../host/host.ts'
import type { Manifest } from '../plan/release.ts'
import { facts as factsScript } from '../remote/facts.ts'
import { readPairs, splitOnce } from './pairs.ts'
import { parseState, type State } from './state.ts'

/** What a server looks like, before anything is decided. Contents of files are null where there is none. */
export interface Facts {
  os: { id: string; like: string; arch: string }
  docker: DockerFacts | null
  /** The server's clock, seconds since 1970. */
  clockS: number
  /** Free space in bytes. */
  freeBytes: { docker: number; folder: number }
  /** Programs that listen, by TCP port. */
  listeners: Map<number, string>
  /** Addresses of the server's interfaces. */
  interfaces: string[]
  /** The folder with symbolic links resolved. */
  folder: string
  /** Changes with .env and the route file, byte for byte. */
  watchedDigest: string
  env: string | null
  state: State | null
  /** Text of the route file. */
  route: string | null
  /** Instance that the route file names: the truth about what is live. */
  live: string | null
  edge: {
    running: boolean
    /** Whose edge it is: the folder, links resolved; null when there is none. */
    folder: string | null
    composeFile: string | null
    traefikConfig: string | null
    acmeCa: string | null
  }
  logdbScript: string | null
  manifests: Manifest[]
  containers: ContainerFact[]
  /** Tags of the image ai-proxy. */
  imageTags: string[]
  /** Domains with a certificate, by file in certs/. */
  certificates: { file: string; domain: string }[]
  backups: BackupFact[]
}

export interface DockerFacts {
  /** Of the engine; null when it does not run. */
  engine: string | null
  compose: ComposeCommand | null
}

export interface ComposeCommand {
  argv: Argv
  version: string
}

export interface ContainerFact {
  name: string
  /** As `docker ps` says it: running, exited, created, ... */
  state: string
  release: string
  /** Docker starts it again after a reboot. */
  isRestarted: boolean
}

interface BackupFact {
  name: string
  sizeBytes: number
  /** Seconds since 1970. */
  modifiedS: number
}

export async function gatherFacts(host: Host, folder: string): Promise<Facts> {
  return parseFacts(await run(host, `look at ${host.name}`, factsScript(folder)))
}

export function parseFacts(output: string): Facts {
  const pairs = readPairs(output)
  const text = (name: string) => pairs.text(name) ?? null
  const route = text('route')
  const stateText = text('state')
  return {
    os: {
      id: pairs.one('os') ?? '',
      like: pairs.one('os_like') ?? '',
      arch: pairs.one('arch') ?? '',
    },
    docker: parseDocker(output),
    clockS: Number(pairs.one('clock')),
    freeBytes: { docker: freeBytes(pairs.one('docker_disk')), folder: freeBytes(pairs.one('folder_disk')) },
    listeners: new Map(pairs.all('listener').map(readListener)),
    interfaces: pairs.all('interface'),
    folder: pairs.one('folder') ?? '',
    watchedDigest: pairs.one('watched') ?? '',
    env: text('env'),
    state: stateText === null ? null : parseState(stateText),
    route,
    live: route === null ? null : liveInstance(route),
    edge: {
      running: pairs.one('edge') === 'running',
      folder: pairs.one('edge_folder') ?? null,
      composeFile: text('edge_compose.yml'),
      traefikConfig: text('edge_traefik.yml'),
      acmeCa: text('edge_acme-ca.pem'),
    },
    logdbScript: text('scripts_logdb'),
    manifests: pairs.suffixes('manifest_').flatMap((id) => parseManifest(pairs.text(`manifest_${id}`), id)),
    containers: pairs.all('container').map((line) => {
      const [name = '', state = '', release = '', restart] = line.split(' ')
      return { name, state, release, isRestarted: restart === 'unless-stopped' }
    }),
    imageTags: pairs.all('image'),
    certificates: pairs.all('certificate').map((line) => {
      const [file = '', domain = ''] = line.split(' ')
      return { file, domain }
    }),
    backups: pairs.all('backup').map((line) => {
      const [size, modified, name = ''] = line.split(' ')
      return { name, sizeBytes: Number(size), modifiedS: Number(modified) }
    }),
  }
}

/** Null when there is no docker program; also reads what the installation prints at its end. */
export function parseDocker(output: string): DockerFacts | null {
  const pairs = readPairs(output)
  if (pairs.all('docker').length === 0) return null
  const plugin = pairs.one('compose_plugin')
  const program = pairs.one('compose_program')
  return {
    engine: pairs.one('docker') ?? null,
    compose: plugin
      ? { argv: ['docker', 'compose'], version: plugin }
      : program
        ? { argv: ['docker-compose'], version: program }
        : null,
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

/** The last line of `df -Pk`. */
function freeBytes(line: string | undefined): number {
  return Number(line?.trim().split(/\s+/)[3] ?? 0) * 1024
}

function readListener(line: string): [number, string] {
  const [port, program] = splitOnce(line, ' ')
  return [Number(port), program]
}
