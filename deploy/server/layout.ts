/** Where things are on the server. */
export interface ServerLayout {
  folder: string
  env: string
  state: string
  audit: string
  lock: string
  current: string
  edge: string
  /** Decides which release answers. */
  route: string
  certs: string
  backups: string
  logdb: string
  release(id: string): string
}

export function serverLayout(folder: string): ServerLayout {
  const at = (path: string) => `${folder}/${path}`
  return {
    folder,
    env: at('.env'),
    state: at('state.json'),
    audit: at('audit.jsonl'),
    lock: at('lock'),
    current: at('current'),
    edge: at('edge'),
    route: at('edge/dynamic/app.yml'),
    certs: at('certs'),
    backups: at('backups'),
    logdb: at('scripts/logdb'),
    release: (id) => at(`releases/${id}`),
  }
}

/**
 * One run of a release's container. The first has the release's id, a later one (a rollback while the first still ends
 * its streams) the id and a number: every process has a network name and a log file of its own.
 */
export function containerName(instance: string): string {
  return `ai-proxy-${instance}`
}

/** The release that an instance runs. */
export function releaseOf(instance: string): string {
  return instance.split('-').slice(0, 2).join('-')
}

export const EDGE_CONTAINER = 'ai-proxy-edge'
export const EDGE_NETWORK = 'ai-proxy-edge'
export const GATEWAY_PORT = 8123
export const RELEASE_HEADER = 'x-ai-proxy-release'
export const CANARY_HEADER = 'x-ai-proxy-canary'
