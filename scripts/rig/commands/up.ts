import { nodeImage } from '../images/node/node-image.ts'
import { provideImage } from '../images/pulled-image.ts'
import { traefikImage } from '../images/traefik/traefik-image.ts'
import { type Layout, rigLayout, type ServerLayout, type Suite } from '../layout.ts'
import { engineUp } from '../machine/engine.ts'
import { networkUp } from '../machine/network.ts'
import { installMissingPackages } from '../machine/packages.ts'
import { type Rig, writeRig } from '../rig-file.ts'
import { serverState } from '../servers/container.ts'
import { identityPath, makeKeys, opsPasswordPath } from '../servers/keys.ts'
import { serverUp } from '../servers/server.ts'
import { knownHostsPath, sshConfigPath, writeSshFiles } from '../servers/ssh-config.ts'
import { acmeOf, makeDirectoryCertificate, pebbleUp } from '../services/pebble.ts'
import { registryUp } from '../services/registry.ts'
import { upstreamUp, upstreamUrl } from '../services/upstream.ts'

export interface UpOptions {
  id: number
  suites: Suite[]
  /** Recreate the servers from the clean images. */
  fresh: boolean
}

/** Starts what is not running yet. After a failure it can run again. */
export async function up({ id, suites, fresh }: UpOptions): Promise<Rig> {
  const layout = rigLayout(id)
  await installMissingPackages()
  await engineUp()
  await networkUp(layout)
  await makeKeys(layout)
  await makeDirectoryCertificate(layout)
  const wanted = layout.servers.filter((server) => suites.includes(server.name))
  await together([
    provideImage(traefikImage()),
    provideImage(nodeImage()),
    registryUp(layout),
    upstreamUp(layout),
    ...wanted.map((server) => pebbleUp(layout, server)),
    ...wanted.map((server) => serverUp(layout, server, { fresh })),
  ])
  const rig = await describeRig(layout)
  writeRig(rig)
  return rig
}

/** Waits for every part before it reports the first failure, so that no work continues after the report. */
async function together(parts: Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(parts)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** Describes all servers, including those of an earlier `up`; one of them may be restarting now. */
async function describeRig(layout: Layout): Promise<Rig> {
  const servers = await presentServers(layout)
  await writeSshFiles(layout, servers)
  return {
    id: layout.id,
    subnet: layout.subnet,
    gateway: layout.gateway,
    sshConfigPath: sshConfigPath(layout),
    identityPath: identityPath(layout),
    knownHostsPath: knownHostsPath(layout),
    servers: servers.map((server) => ({
      name: server.name,
      host: server.host,
      ip: server.ip,
      container: server.container,
      acme: acmeOf(layout, server),
    })),
    upstreamUrl: upstreamUrl(layout),
    opsPasswordPath: opsPasswordPath(layout),
    registryUrl: `http://${layout.gateway}:${layout.registryPort}`,
  }
}

async function presentServers({ servers }: Layout): Promise<ServerLayout[]> {
  const states = await Promise.all(servers.map(serverState))
  return servers.filter((_, index) => states[index] !== 'absent')
}
