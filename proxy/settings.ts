import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { type ApiKey, parseApiKeys } from '../kit/api-keys.ts'
import { readPairs } from '../kit/gateway-config/formats.ts'
import { splitList } from '../kit/list.ts'
import {
  baseUrlVariableOf,
  KEYED_PROVIDER_NAMES,
  KEYED_PROVIDERS,
  type KeyedProvider,
  keyVariableOf,
} from '../kit/providers.ts'
import type { Environment } from '../kit/settings/environment.ts'
import { parseSwitch } from '../kit/settings/switch.ts'
import { BYTES_PER_MIB } from '../kit/sizes.ts'
import { configInvalid } from '../kit/user-error.ts'

/** Address and keys of a built-in provider. */
export interface ProviderSettings {
  /** Without a slash at the end. */
  baseUrl: string
  keys: string[]
  keyVariable: string
}

interface LogSettings {
  dir: string
  images: 'digest' | 'full'
  bodyMaxBytes: number
  /** For digests of what the log leaves out; undefined if it is not set. */
  hashSecret: string | undefined
}

/** Where traces go. */
interface TraceSettings {
  url: string
  headers: Record<string, string>
  /** Attributes of the gateway itself. */
  resource: Record<string, string>
  /** Spans hold the content of messages too. */
  hasContent: boolean
}

/** Settings from the environment, which do not change while the gateway runs. */
export interface GatewaySettings {
  /** Holds the keys of providers of config.yml. */
  environment: Environment
  /** Folder that relative paths start from. */
  cwd: string
  host: string
  port: number
  /** Undefined outside a release. */
  releaseId: string | undefined
  deployedAt: string | undefined
  apiKeys: ApiKey[]
  modelsRequireKey: boolean
  /** Origins whose pages may use the gateway: all of them, or those of this list. */
  corsOrigins: 'all' | ReadonlySet<string>
  /** Names in the header Host that are answered, lower case, in addition to loopback names; undefined: any name. */
  allowedHosts: ReadonlySet<string> | undefined
  providers: Record<KeyedProvider, ProviderSettings>
  log: LogSettings
  metrics: { host: string; port: number; isDefault: boolean }
  /** Undefined if no traces are wanted. */
  traces: TraceSettings | undefined
  workers: number
  /** Undefined if it is not set. */
  logLevel: string | undefined
  drainTimeoutMs: number
}

const DEFAULT_PORT = 8123
const DEFAULT_METRICS_PORT = 9464
const CAPTURE_CONTENT = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT'

/**
 * Reads the settings of the gateway.
 * @param cwd the folder that relative paths start from
 * @throws UserError CONFIG_INVALID
 */
export function gatewaySettings(environment: Environment, cwd: string): GatewaySettings {
  const apiKeys = parseApiKeys(environment['API_KEYS'] ?? '', environment['LOG_HASH_SECRET'])
  const settings: GatewaySettings = {
    environment,
    cwd,
    host: environment['HOST'] || '127.0.0.1',
    port: Number(localPort(environment)),
    releaseId: environment['RELEASE_ID'] || undefined,
    deployedAt: environment['DEPLOYED_AT'] || undefined,
    apiKeys,
    ...callers(environment, apiKeys.length > 0),
    modelsRequireKey: parseSwitch(environment['MODELS_REQUIRE_KEY'] ?? '') ?? false,
    providers: providerSettings(environment),
    log: {
      dir: resolve(cwd, environment['LOG_DIR'] || 'logs'),
      images: environment['LOG_IMAGES'] === 'full' ? 'full' : 'digest',
      hashSecret: environment['LOG_HASH_SECRET'] || undefined,
      bodyMaxBytes: Number(environment['LOG_BODY_MAX_BYTES'] || 8 * BYTES_PER_MIB),
    },
    metrics: {
      host: environment['METRICS_HOST'] || '127.0.0.1',
      port: Number(environment['METRICS_PORT'] || DEFAULT_METRICS_PORT),
      isDefault: !environment['METRICS_PORT'],
    },
    traces: traceSettings(environment),
    workers: Number(environment['WORKERS'] || 1),
    logLevel: pinoLevel(environment['LOG_LEVEL']),
    drainTimeoutMs: Number(environment['DRAIN_TIMEOUT_S'] || 300) * 1000,
  }
  if (settings.apiKeys.length === 0 && !isLoopback(settings.host)) {
    throw configInvalid(
      `HOST is ${settings.host}, so other machines can reach the gateway, but API_KEYS is empty`,
      'set API_KEYS in .env to a long random text, for example the output of: openssl rand -hex 24',
    )
  }
  return settings
}

/**
 * Pages that may call the gateway, and names by which it may be called. Without keys, a page that is open on this machine
 * could use the gateway through a name of its own that leads here; with keys it would need one.
 */
function callers(environment: Environment, needsKey: boolean): Pick<GatewaySettings, 'corsOrigins' | 'allowedHosts'> {
  const origins = splitList((environment['CORS_ORIGINS'] ?? '').toLowerCase())
  const hosts = environment['ALLOWED_HOSTS']
  return {
    corsOrigins: origins.includes('*') ? 'all' : new Set(origins),
    allowedHosts: needsKey && !hosts ? undefined : new Set(splitList((hosts ?? '').toLowerCase())),
  }
}

/** If HTTPS_PORT is set too, HTTP_PORT is a port of the server's edge, not of the gateway. */
function localPort(environment: Environment): string | number {
  const httpPort = environment['HTTPS_PORT'] ? undefined : environment['HTTP_PORT']
  return environment['PORT'] || httpPort || DEFAULT_PORT
}

function providerSettings(environment: Environment): Record<KeyedProvider, ProviderSettings> {
  const entries = KEYED_PROVIDER_NAMES.map((name) => {
    const keyVariable = keyVariableOf(name)
    const baseUrl = environment[baseUrlVariableOf(name)] || KEYED_PROVIDERS[name].baseUrl
    const settings = { baseUrl: baseUrl.replace(/\/+$/, ''), keys: splitList(environment[keyVariable]), keyVariable }
    return [name, settings] as const
  })
  return Object.fromEntries(entries) as Record<KeyedProvider, ProviderSettings>
}

/** The variables of OpenTelemetry: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ */
function traceSettings(environment: Environment): TraceSettings | undefined {
  const endpoint = environment['OTEL_EXPORTER_OTLP_ENDPOINT']
  if (!endpoint) return undefined
  const release = environment['RELEASE_ID']
  return {
    url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: readPairs(environment['OTEL_EXPORTER_OTLP_HEADERS']),
    hasContent: hasTraceContent(environment[CAPTURE_CONTENT]),
    resource: {
      'service.name': 'ai-proxy',
      ...(release && { 'service.version': release }),
      ...readPairs(environment['OTEL_RESOURCE_ATTRIBUTES']),
      ...(environment['OTEL_SERVICE_NAME'] && { 'service.name': environment['OTEL_SERVICE_NAME'] }),
    },
  }
}

/** The libraries of OpenTelemetry take `true` or the names of modes; the gateway has only spans to put content into. */
function hasTraceContent(mode = ''): boolean {
  return parseSwitch(mode) ?? mode === 'SPAN_ONLY'
}

/** The predecessor used Python's names of levels. */
function pinoLevel(level: string | undefined): string | undefined {
  const lower = level?.toLowerCase()
  if (lower === 'warning') return 'warn'
  if (lower === 'critical') return 'fatal'
  return lower || undefined
}

/** Whether this address or name is this machine. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true
  return isIP(host) === 4 && host.startsWith('127.')
}
