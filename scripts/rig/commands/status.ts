import { rigLayout } from '../layout.ts'
import { isDaemonAlive } from '../machine/daemon.ts'
import { engineVersion } from '../machine/engine.ts'
import { type ServerState, serverState, systemState } from '../servers/container.ts'
import { allServices } from '../services/all-services.ts'

export interface RigStatus {
  id: number
  /** Version of the running Docker engine. */
  engine: string | null
  servers: { name: string; host: string; ip: string; state: ServerState; systemd: string | null }[]
  services: { name: string; running: boolean }[]
}

/** What runs now, according to the engine and the processes. */
export async function rigStatus(id: number): Promise<RigStatus> {
  const layout = rigLayout(id)
  const engine = (await engineVersion()) ?? null
  const servers = layout.servers.map(async (server) => {
    const state = engine === null ? 'absent' : await serverState(server)
    const systemd = state === 'running' ? await systemState(server) : null
    return { name: server.name, host: server.host, ip: server.ip, state, systemd }
  })
  const services = allServices(layout).map((daemon) => ({ name: daemon.name, running: isDaemonAlive(daemon) }))
  return { id, engine, servers: await Promise.all(servers), services }
}

/** The status as lines of text. */
export function statusText({ engine, servers, services }: RigStatus): string {
  return [
    `engine     ${engine ?? 'not running'}`,
    ...servers.map(({ name, host, ip, state, systemd }) =>
      [name.padEnd(10), host.padEnd(16), ip.padEnd(14), systemd === null ? state : `${state}, systemd ${systemd}`].join(
        ' ',
      ),
    ),
    ...services.map(({ name, running }) => `${name.padEnd(27)} ${running ? 'running' : 'not running'}`),
  ].join('\n')
}
