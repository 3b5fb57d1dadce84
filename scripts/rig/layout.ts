import { homedir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../../kit/user-error.ts'

/** Debian suites of the servers: bookworm's packages bring Compose v1, those of trixie v2. */
export const SUITES = ['bookworm', 'trixie'] as const
export type Suite = (typeof SUITES)[number]

const MAX_ID = 99

/** Where everything of one rig is; all of it derives from its id, so that several rigs never meet. */
export interface Layout {
  id: number
  /** Name of the Docker network and of its bridge, and prefix of the containers' names. */
  network: string
  subnet: string
  /** This machine's address on that network; every service of the rig listens on it and nowhere else. */
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
  /** Each server has a CA whose DNS sends every name to this server. */
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

/** @throws UserError when the text is no id. */
export function parseRigId(text: string): number {
  const id = Number(text)
  if (/^\d+$/.test(text) && id <= MAX_ID) return id
  throw new UserError('RIG_ID', `"${text}" is no rig id.`, { hint: `Use a number from 0 to ${MAX_ID}.` })
}

/** What takes long to make is kept here, outside the repository, and made only once. */
export function cacheDir(): string {
  const { AI_DEPLOY_RIG_CACHE: own, XDG_CACHE_HOME: xdg } = process.env
  return own || join(xdg || join(homedir(), '.cache'), 'ai-deploy-rig')
}
