import { type ApiKey, parseApiKeys } from '../../../kit/api-keys.ts'
import { splitList } from '../../../kit/list.ts'
import type { Environment } from '../../../kit/settings/environment.ts'
import { configInvalid } from '../../../kit/user-error.ts'

/** What the environment says about the Logs UI. */
export interface UiSettings {
  /** LOGUI_API_KEYS: they may read everything. */
  viewerKeys: string[]
  /** LOGUI_ADMIN_API_KEYS. */
  adminKeys: string[]
  /** API_KEYS of the gateway: each may read its own requests. */
  gatewayKeys: ApiKey[]
  /** LOGUI_ALLOWED_ORIGINS: pages of other sites that may call the API with a key. */
  allowedOrigins: string[]
  /** LOGUI_RATE_LIMIT_RPS: requests a second with one key. */
  requestsPerSecond: number
  /** LOGUI_HOST: the address to listen on. Beyond this machine a proxy is trusted to say who asks, and over what. */
  host: string
  /** LOGUI_DB_ROOT, the predecessor's name for the folder of the log database. */
  folder: string | undefined
}

const LOOPBACK = '127.0.0.1'
const DEFAULT_REQUESTS_PER_SECOND = 1000

/** @throws UserError CONFIG_INVALID */
export function readUiSettings(environment: Environment): UiSettings {
  return {
    viewerKeys: splitList(environment['LOGUI_API_KEYS']),
    adminKeys: splitList(environment['LOGUI_ADMIN_API_KEYS']),
    gatewayKeys: parseApiKeys(environment['API_KEYS'] ?? '', environment['LOG_HASH_SECRET']),
    allowedOrigins: allowedOrigins(environment),
    requestsPerSecond: requestsPerSecond(environment),
    host: environment['LOGUI_HOST']?.trim() || LOOPBACK,
    folder: environment['LOGUI_DB_ROOT']?.trim() || undefined,
  }
}

/** The predecessor allowed every site, with credentials. */
function allowedOrigins(environment: Environment): string[] {
  const origins = splitList(environment['LOGUI_ALLOWED_ORIGINS'])
  for (const origin of origins) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue
    const message = `LOGUI_ALLOWED_ORIGINS: found ${JSON.stringify(origin)}, allowed: origins like https://app.example`
    throw configInvalid(message, 'name each site that may read the logs; leave it out if only the UI itself reads them')
  }
  return origins
}

function requestsPerSecond(environment: Environment): number {
  const name = 'LOGUI_RATE_LIMIT_RPS'
  const text = environment[name]?.trim()
  if (!text) return DEFAULT_REQUESTS_PER_SECOND
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw configInvalid(`${name}: found ${JSON.stringify(text)}, allowed: a whole number from 1`, 'correct it in .env')
}

/** A proxy in front of it stands between: see `host`. */
export function isBehindProxy({ host }: Pick<UiSettings, 'host'>): boolean {
  return host !== LOOPBACK
}
