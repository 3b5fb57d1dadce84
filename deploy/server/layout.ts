/** Where things are on the server. */
export interface ServerLayout {
  folder: string
  env: string
  state: string
  audit: string
  lock: string
  /** Keeps the server as it is. */
  hold: string
  current: string
  edge: string
  /** Files of a second edge, while it takes the place of the first. */
  secondEdge: string
  /** Files of an edge that has port 80 while a certificate is issued. */
  certificateEdge: string
  /** Decides which release answers. */
  route: string
  /** Makes clients open new connections, while an edge is replaced. */
  draining: string
  /** Leads to the Logs UI. */
  uiRoute: string
  /** Makes Traefik ask for a certificate again. */
  askAgain: string
  /** Names the owner's certificates, which Traefik reads then. */
  ownCertificates: string
  certs: string
  /** Attempts at certificates that failed last. */
  acmeAttempts: string
  /** Certificates that a restore has replaced, until it ends. */
  previousCerts: string
  backups: string
  /** Which backups are elsewhere too. */
  copies: string
  /** What the sender of backups is to do, while it runs. */
  /** Jobs of the sender of backups, each in a file of its own. */
  copyJob(id: string): string
  logdb: string
  /** Runs `logdb auto`. */
  routine: string
  /** Space for a rollback on a full disk. */
  reserve: string
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
    hold: at('hold'),
    current: at('current'),
    edge: at('edge'),
    secondEdge: at('edge/second'),
    certificateEdge: at('edge/certificate'),
    route: at('edge/dynamic/app.yml'),
    draining: at('edge/dynamic/draining.yml'),
    uiRoute: at('edge/dynamic/ui.yml'),
    askAgain: at('edge/dynamic/ask-again.yml'),
    ownCertificates: at('edge/dynamic/own-certificates.yml'),
    certs: at('certs'),
    acmeAttempts: at('acme-attempts.json'),
    previousCerts: at('certs.before'),
    backups: at('backups'),
    copies: at('backups/copies.json'),
    copyJob: (id) => at(`backups/.job-${id}.json`),
    logdb: at('scripts/logdb'),
    routine: at('scripts/logdb-routine'),
    reserve: at('.reserve'),
    release: (id) => at(`releases/${id}`),
  }
}

/** Container and Compose project of the edge. */
export const EDGE_CONTAINER = 'ai-proxy-edge'
/** Network that connects the edge and the releases. */
export const EDGE_NETWORK = 'ai-proxy-edge'
/** Port of a gateway inside its container. */
export const GATEWAY_PORT = 8123
/** Port of the Logs UI inside its container. */
export const UI_PORT = 8124
