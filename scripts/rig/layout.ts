import { homedir } from 'node:os'
import { join } from 'node:path'
import { rigError } from './errors.ts'

/** Debian suites of the servers. The packages of bookworm bring Compose v1, those of trixie bring v2. */
export const SUITES = ['bookworm', 'trixie'] as const
export type Suite = (typeof SUITES)[number]

/** Users of every server in addition to root: `admin` (sudo without a password), `ops` (sudo asks for it), `guest` (no sudo). */
export const OTHER_USERS = ['admin', 'ops', 'guest'] as const

const MAX_ID = 99

/** Where everything of one rig is. All of it follows from the id, so two rigs never share an address or a name. */
export interface Layout {
  id: number
  /** Name of the Docker network and of its bridge, and prefix of the containers' names. */
  network: string
  subnet: string
  /** This machine's address on that network. Every service of the rig listens only there. */
  gateway: string
  stateDir: string
  registryPort: number
  upstreamPort: number
  servers: ServerLayout[]
}

export interface ServerAddress {
  name: Suite
  /** Alias in the rig's ssh config. */
  host: string
  ip: string
  container: string
}

export interface ServerLayout extends ServerAddress {
  /** Each server has its own CA. The DNS of that CA resolves every name to this server. */
  pebble: { directoryPort: number; managementPort: number; dnsPort: number; dnsManagementPort: number }
}

export function rigLayout(id: number): Layout {
  const network = `aidrig${id}`
  return {
    id,
    network,
    subnet: `10.231.${id}.0/24`,
    gateway: `10.231.${id}.1`,
    stateDir: join(cacheDir(), `state-${id}`),
    registryPort: 5231,
    upstreamPort: 18080,
    servers: SUITES.map((name, index) => ({
      name,
      host: `rig${id}-${name}`,
      ip: `10.231.${id}.${10 + index}`,
      container: `${network}-${name}`,
      pebble: {
        directoryPort: 14000 + index,
        managementPort: 15000 + index,
        dnsPort: 8053 + index,
        dnsManagementPort: 8153 + index,
      },
    })),
  }
}

/** @throws UserError RIG_ID if the text is not an id. */
export function parseRigId(text: string): number {
  const id = Number(text)
  if (/^\d+$/.test(text) && id <= MAX_ID) return id
  throw rigError('RIG_ID', `"${text}" is not a rig id`, `use a number from 0 to ${MAX_ID}`)
}

/** The command line that starts this rig, for hints. */
export function upCommand(id: number, options = ''): string {
  return `npm run rig -- up${options}${id === 0 ? '' : ` --id ${id}`}`
}

/** Folder outside the repository for everything that takes long to make and is made only once. */
export function cacheDir(): string {
  const { AI_DEPLOY_RIG_CACHE: own, XDG_CACHE_HOME: xdg } = process.env
  return own || join(xdg || join(homedir(), '.cache'), 'ai-deploy-rig')
}
