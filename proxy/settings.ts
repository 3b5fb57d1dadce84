import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { type ApiKey, parseApiKeys } from '../kit/api-keys.ts'
import type { Environment } from '../kit/gateway-config/environment.ts'
import type { LoadedConfig } from '../kit/gateway-config/load.ts'
import { configInvalid } from '../kit/user-error.ts'

export interface ProviderSettings {
  /** Without a slash at the end. */
  baseUrl: string
  apiKey: string | undefined
}

interface LogSettings {
  dir: string
  images: 'digest' | 'full'
  bodyMaxBytes: number
}

export interface UpstreamTimeouts {
  connectMs: number
  /** From the request to the head of the answer. */
  headMs: number
  /** Between two pieces of the answer. */
  idleMs: number
}

export interface GatewaySettings {
  host: string
  port: number
  /** Undefined outside a release. */
  releaseId: string | undefined
  deployedAt: string | undefined
  apiKeys: ApiKey[]
  modelsRequireKey: boolean
  modelMappings: Record<string, string>
  openrouter: ProviderSettings
  gemini: ProviderSettings
  upstreamTimeouts: UpstreamTimeouts
  requestBodyMaxBytes: number
  log: LogSettings
  /** Undefined: the entry point decides. */
  logLevel: string | undefined
  drainTimeoutMs: number
}

const DEFAULT_PORT = 8123
const OPENROUTER_BASE_URL = 'https://openrouter.ai/api/v1'
const GEMINI_BASE_URL = 'https://generativelanguage.googleapis.com/v1beta/openai'
const MIB = 2 ** 20

/**
 * What the gateway runs by, `cwd` being the folder that relative paths start from.
 * @throws UserError CONFIG_INVALID
 */
export function gatewaySettings({ environment, config }: LoadedConfig, cwd: string): GatewaySettings {
  const settings: GatewaySettings = {
    host: environment['HOST'] || '127.0.0.1',
    port: Number(localPort(environment)),
    releaseId: environment['RELEASE_ID'] || undefined,
    deployedAt: environment['DEPLOYED_AT'] || undefined,
    apiKeys: parseApiKeys(environment['API_KEYS'] ?? '', environment['LOG_HASH_SECRET']),
    modelsRequireKey: isOn(environment['MODELS_REQUIRE_KEY']),
    modelMappings: config.modelMappings,
    openrouter: provider(environment, 'OPENROUTER', OPENROUTER_BASE_URL),
    gemini: provider(environment, 'GEMINI', GEMINI_BASE_URL),
    upstreamTimeouts: { connectMs: 10_000, headMs: 600_000, idleMs: 300_000 },
    requestBodyMaxBytes: 32 * MIB,
    log: {
      dir: resolve(cwd, environment['LOG_DIR'] || 'logs'),
      images: environment['LOG_IMAGES'] === 'full' ? 'full' : 'digest',
      bodyMaxBytes: Number(environment['LOG_BODY_MAX_BYTES'] || 8 * MIB),
    },
    logLevel: pinoLevel(environment['LOG_LEVEL']),
    drainTimeoutMs: Number(environment['DRAIN_TIMEOUT_S'] || 300) * 1000,
  }
  if (settings.apiKeys.length === 0 && !isLoopback(settings.host)) {
    throw configInvalid(
      `HOST is ${settings.host}, so others can reach the gateway, but API_KEYS is empty`,
      'set API_KEYS in .env to a long random text, for example the output of: openssl rand -hex 24',
    )
  }
  return settings
}

/** With HTTPS_PORT beside it, HTTP_PORT is a port of the server's edge. */
function localPort(environment: Environment): string | number {
  const httpPort = environment['HTTPS_PORT'] ? undefined : environment['HTTP_PORT']
  return environment['PORT'] || httpPort || DEFAULT_PORT
}

function provider(environment: Environment, name: 'OPENROUTER' | 'GEMINI', baseUrl: string): ProviderSettings {
  return {
    baseUrl: (environment[`${name}_BASE_URL`] || baseUrl).replace(/\/+$/, ''),
    apiKey: environment[`${name}_API_KEY`]?.trim() || undefined,
  }
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(true|1)$/i.test(value)
}

/** The predecessor spelled levels as Python does. */
function pinoLevel(level: string | undefined): string | undefined {
  const lower = level?.toLowerCase()
  if (lower === 'warning') return 'warn'
  if (lower === 'critical') return 'fatal'
  return lower || undefined
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
