import type { Environment } from '../kit/settings/environment.ts'
import { parseSwitch } from '../kit/settings/switch.ts'

/** Settings of the server itself, from its .env. */
export interface ServerSettings {
  domain: string
  /** The edge's ports. */
  httpPort: number
  httpsPort: number
  acme: AcmeSettings
  traefikImage: string
  nodeImage: string
  /** Image of the gateway that is pulled; null to build one. */
  gatewayImage: string | null
  /** User of the gateway's container and owner of logs/. */
  uid: number
  gid: number
  drainTimeoutS: number
  /** When backups hold the log databases. */
  backupLogs: 'daily' | 'always' | 'never'
  /** How often the server runs `logdb auto`; undefined for never. */
  routine: 'hourly' | 'daily' | undefined
  /** A release brings the Logs UI. */
  hasUi: boolean
  /** How long the previous release keeps running; 0 stops it at once. */
  warmS: number
  /** How long a new release is watched after it took over; 0 for not at all. */
  watchS: number
}

interface AcmeSettings {
  email: string | null
  /** Directory URL. */
  caServer: string
  /** True when edge/acme-ca.pem is to be trusted for the directory. */
  hasCaFile: boolean
  /** Name of the file in certs/. */
  storage: 'acme.json' | 'acme-staging.json'
  /** Clients do not trust its certificates. */
  isStaging: boolean
}

export const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory'
export const LETS_ENCRYPT_STAGING = 'https://acme-staging-v02.api.letsencrypt.org/directory'
const DEFAULT_DRAIN_TIMEOUT_S = 300
const DEFAULT_WARM_S = 600
export const DEFAULT_WATCH_S = 20
const DEFAULT_ID = 1000

/** @param environment of a valid .env that has DOMAIN */
export function serverSettings(environment: Environment, hasCaFile: boolean): ServerSettings {
  const staging = parseSwitch(environment['ACME_STAGING'] ?? '') ?? false
  return {
    // Certificates name it in lower case.
    domain: (environment['DOMAIN'] ?? '').toLowerCase(),
    httpPort: Number(environment['HTTP_PORT'] || 80),
    httpsPort: Number(environment['HTTPS_PORT'] || 443),
    acme: {
      email: environment['ACME_EMAIL'] || null,
      caServer: environment['ACME_CA_SERVER'] || (staging ? LETS_ENCRYPT_STAGING : LETS_ENCRYPT),
      hasCaFile,
      storage: staging ? 'acme-staging.json' : 'acme.json',
      isStaging: staging,
    },
    traefikImage: environment['TRAEFIK_IMAGE'] || 'traefik:v3.6',
    nodeImage: environment['NODE_IMAGE'] || 'node:24-slim',
    gatewayImage: environment['GATEWAY_IMAGE'] || null,
    uid: Number(environment['HOST_UID'] || DEFAULT_ID),
    gid: Number(environment['HOST_GID'] || DEFAULT_ID),
    drainTimeoutS: Number(environment['DRAIN_TIMEOUT_S'] || DEFAULT_DRAIN_TIMEOUT_S),
    backupLogs: backupLogs(environment['BACKUP_LOGS']),
    routine: routine(environment),
    hasUi: isOn(environment['LOGUI']) && parseSwitch(environment['LOGDB_ENABLED'] ?? '') !== false,
    warmS: Number(environment['WARM_S'] || DEFAULT_WARM_S),
    watchS: Number(environment['WATCH_S'] || DEFAULT_WATCH_S),
  }
}

function backupLogs(text: string | undefined): ServerSettings['backupLogs'] {
  return text === 'always' || text === 'never' ? text : 'daily'
}

function routine({ LOGDB_ENABLED: enabled, LOGDB_ROUTINE: often }: Environment): ServerSettings['routine'] {
  if (parseSwitch(enabled ?? '') === false || often === 'never') return undefined
  return often === 'daily' ? 'daily' : 'hourly'
}

function isOn(text: string | undefined): boolean {
  return parseSwitch(text ?? '') ?? false
}
