import {
  baseUrlVariableOf,
  KEYED_PROVIDER_NAMES,
  KEYED_PROVIDERS,
  type KeyedProvider,
  keyVariableOf,
} from '../providers.ts'
import { SWITCH_PATTERN } from '../settings/switch.ts'
import { FORMAT_MEANINGS, type FormatName } from './formats.ts'

/**
 * Where a variable takes effect. `gateway`: the gateway, also in a release. `local`: the gateway outside a release, whose
 * container sets these itself. `server`: deploy reads it from the server's .env. `logdb`: the log database.
 * `unused`: accepted because .env files of the predecessor contain it.
 */
type VariableScope = 'gateway' | 'local' | 'server' | 'logdb' | 'unused'

/** A keyword of JSON Schema; `allowed` completes "allowed: ...". */
export type ValueRule = { pattern: string; allowed: string } | { format: FormatName; allowed: string }

export interface Variable {
  scope: VariableScope
  /** False for one that only has a name like that of a secret. */
  secret?: boolean
  rule?: ValueRule
  description: string
}

const PORT: ValueRule = {
  pattern: '^([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])$',
  allowed: 'a port, 1 to 65535',
}
const SWITCH: ValueRule = { pattern: SWITCH_PATTERN, allowed: 'true or false' }
const HTTP_URL: ValueRule = { format: 'http-url', allowed: FORMAT_MEANINGS['http-url'] }
const PROXY_URL: ValueRule = { format: 'proxy-url', allowed: FORMAT_MEANINGS['proxy-url'] }
const PROVIDER_KEYS: ValueRule = { format: 'provider-keys', allowed: FORMAT_MEANINGS['provider-keys'] }
const PAIRS: ValueRule = { format: 'pairs', allowed: FORMAT_MEANINGS.pairs }
const NUMBER: ValueRule = { pattern: '^\\d{1,15}$', allowed: 'a whole number' }
const FINGERPRINT = 'SHA256:[A-Za-z0-9+/]{43}'
const ID: ValueRule = { pattern: '^\\d{1,9}$', allowed: 'a numeric id' }
const HOST_NAME: ValueRule = {
  pattern: '^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,62}\\.)?[A-Za-z0-9.-]*[A-Za-z0-9]$',
  allowed: 'a host name',
}

/** Every variable of a .env that we know; the docs and .env.example are tested against this table. */
export const VARIABLES = {
  API_KEYS: {
    scope: 'gateway',
    secret: true,
    description: 'Keys that clients may use, comma-separated; name:key gives a key a name in the log.',
  },
  ...providerVariables(),
  CORS_ORIGINS: {
    scope: 'gateway',
    rule: { format: 'origins', allowed: FORMAT_MEANINGS.origins },
    description: 'Origins whose pages may use the gateway, comma-separated; * for all (none by default).',
  },
  ALLOWED_HOSTS: {
    scope: 'gateway',
    rule: { format: 'host-names', allowed: FORMAT_MEANINGS['host-names'] },
    description: 'Names in Host that are answered, comma-separated (any with API_KEYS, only loopback without).',
  },
  HTTP_PROXY: {
    scope: 'gateway',
    secret: true,
    rule: PROXY_URL,
    description: 'Proxy for providers whose address begins with http://.',
  },
  HTTPS_PROXY: {
    scope: 'gateway',
    secret: true,
    rule: PROXY_URL,
    description: 'Proxy for providers whose address begins with https://.',
  },
  NO_PROXY: { scope: 'gateway', description: 'Names, addresses and networks that are reached without the proxy.' },
  MODELS_REQUIRE_KEY: { scope: 'gateway', rule: SWITCH, description: 'Ask for a key on GET /v1/models too.' },
  LOG_IMAGES: {
    scope: 'gateway',
    rule: { pattern: '^(digest|full)$', allowed: 'digest or full' },
    description: 'Whether logs hold images, documents and audio in full or as type, SHA-256 and size (digest).',
  },
  LOG_BODY_MAX_BYTES: { scope: 'gateway', rule: NUMBER, description: 'Largest body that is logged whole (8388608).' },
  LOG_HASH_SECRET: {
    scope: 'gateway',
    secret: true,
    description: 'Makes the hashes of keys, and of what the log leaves out, an HMAC.',
  },
  LOG_LEVEL: {
    scope: 'gateway',
    rule: {
      pattern:
        '^([Tt]race|TRACE|[Dd]ebug|DEBUG|[Ii]nfo|INFO|[Ww]arn|WARN|[Ww]arning|WARNING|[Ee]rror|ERROR|[Ff]atal|FATAL|[Cc]ritical|CRITICAL)$',
      allowed: 'debug, info, warning or error',
    },
    description: "Level of the gateway's own messages.",
  },
  DRAIN_TIMEOUT_S: {
    scope: 'gateway',
    rule: NUMBER,
    description: 'How long running answers may continue after SIGTERM (300).',
  },
  WORKERS: {
    scope: 'gateway',
    rule: { pattern: '^([1-9]|[1-5]\\d|6[0-4])$', allowed: 'a number of processes, 1 to 64' },
    description: 'Processes that share the work (1).',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    scope: 'gateway',
    rule: HTTP_URL,
    description: 'Address of a receiver of OTLP over HTTP; with it each request is a span of a trace.',
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    scope: 'gateway',
    secret: true,
    rule: PAIRS,
    description: 'Headers for that receiver: name=value, comma-separated.',
  },
  OTEL_RESOURCE_ATTRIBUTES: {
    scope: 'gateway',
    rule: PAIRS,
    description: 'Attributes of all spans: name=value, comma-separated.',
  },
  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: {
    scope: 'gateway',
    rule: { pattern: `${SWITCH_PATTERN}|^(SPAN_ONLY|NO_CONTENT)$`, allowed: 'true or false' },
    description: 'Whether spans hold the content of messages, as far as the log may (false).',
  },
  OTEL_SERVICE_NAME: { scope: 'gateway', description: 'Name of the gateway in traces (ai-proxy).' },
  METRICS_HOST: { scope: 'gateway', description: 'Address of the metrics for Prometheus (127.0.0.1).' },
  METRICS_PORT: { scope: 'gateway', rule: PORT, description: 'Port of the metrics (9464).' },
  HOST: { scope: 'local', description: 'Address that the gateway listens on (127.0.0.1).' },
  PORT: { scope: 'local', rule: PORT, description: 'Port that the gateway listens on.' },
  HTTP_PORT: {
    scope: 'local',
    rule: PORT,
    description: "Without PORT the gateway's port (8123); on a server the edge's HTTP port (80).",
  },
  LOG_DIR: { scope: 'local', description: 'Folder of the request logs (./logs).' },
  CONFIG_PATH: { scope: 'local', description: 'The configuration file (./config.yml).' },
  RELEASE_ID: { scope: 'local', description: 'Set in a release: its id.' },
  DEPLOYED_AT: { scope: 'local', description: 'Set in a release: when it was deployed.' },
  HTTPS_PORT: { scope: 'server', rule: PORT, description: "The edge's HTTPS port (443)." },
  DOMAIN: { scope: 'server', rule: HOST_NAME, description: 'Name of the server; made from its public IP when unset.' },
  ACME_EMAIL: { scope: 'server', description: "Address for Let's Encrypt's notices; may be empty." },
  ACME_STAGING: { scope: 'server', rule: SWITCH, description: "Use Let's Encrypt's staging CA." },
  ACME_CA_SERVER: { scope: 'server', rule: HTTP_URL, description: 'Directory URL of another ACME CA.' },
  TRAEFIK_IMAGE: { scope: 'server', description: 'Image of the edge (traefik:v3.6).' },
  NODE_IMAGE: { scope: 'server', description: "Base of the gateway's image (node:24-slim)." },
  GATEWAY_IMAGE: {
    scope: 'server',
    description: 'A prebuilt image of the gateway, which is pulled; unset builds one.',
  },
  HOST_UID: { scope: 'server', rule: ID, description: "User of the gateway's container and owner of logs/ (1000)." },
  HOST_GID: { scope: 'server', rule: ID, description: "Group of the gateway's container and of logs/ (1000)." },
  BACKUP_LOGS: {
    scope: 'server',
    rule: { pattern: '^(daily|always|never)$', allowed: 'daily, always or never' },
    description: 'When a deploy puts the log databases into its backup (daily).',
  },
  LOGDB_ROUTINE: {
    scope: 'server',
    rule: { pattern: '^(hourly|daily|never)$', allowed: 'hourly, daily or never' },
    description: 'How often the server runs `logdb auto`; LOGDB_ENABLED=false turns it off too (hourly).',
  },
  WARM_S: {
    scope: 'server',
    rule: NUMBER,
    description: 'How long the previous release keeps running for a rollback; 0 stops it at once (600).',
  },
  WATCH_S: {
    scope: 'server',
    rule: NUMBER,
    description: 'How long a new release is watched after it took over; 0 turns that off (20).',
  },
  BACKUP_TO: {
    scope: 'server',
    description:
      'Where each backup is copied to: [user@]host:folder, ssh://[user@]host:port/folder or s3://bucket/prefix.',
  },
  BACKUP_AGE_RECIPIENT: {
    scope: 'server',
    description: 'Public keys of age, comma-separated, that copies of backups are encrypted for.',
  },
  BACKUP_PLAINTEXT: { scope: 'server', rule: SWITCH, description: 'Copy backups in clear, without a key of age.' },
  BACKUP_SSH_KEY: {
    scope: 'server',
    secret: false,
    rule: { pattern: '^/', allowed: 'an absolute path' },
    description: 'Private key, a file on the server, for a BACKUP_TO or LOGDB_AUTO_TO that is reached by SSH.',
  },
  BACKUP_SSH_HOST_KEY: {
    scope: 'server',
    secret: false,
    rule: {
      pattern: `^${FINGERPRINT}([\\s,]+${FINGERPRINT})*$`,
      allowed: 'a fingerprint like SHA256:..., or several, separated by commas',
    },
    description: 'Fingerprint of the host key of that machine; of several, separated by commas.',
  },
  BACKUP_S3_ENDPOINT: {
    scope: 'server',
    rule: HTTP_URL,
    description: "Address of an S3 server that is not Amazon's.",
  },
  BACKUP_S3_REGION: {
    scope: 'server',
    description: 'Region of the bucket; many other servers take auto or us-east-1.',
  },
  BACKUP_S3_ACCESS_KEY_ID: { scope: 'server', description: 'Name of the access key for the bucket.' },
  BACKUP_S3_SECRET_ACCESS_KEY: { scope: 'server', secret: true, description: 'Its secret.' },
  LOGDB_ENABLED: { scope: 'logdb', description: 'false turns ingest off.' },
  LOGDB_FTS_ENABLED: { scope: 'logdb', description: 'false turns the full-text index off.' },
  LOGDB_GROUPING_ENABLED: { scope: 'logdb', description: 'false turns dialog grouping off.' },
  LOGDB_PARTITION_GRANULARITY: { scope: 'logdb', description: 'daily or weekly.' },
  LOGDB_CLEANUP_AFTER_MERGE: {
    scope: 'logdb',
    description: 'true deletes partitions that `logdb merge --weekly` or `--monthly` has merged (false).',
  },
  LOGDB_BUNDLE_INCLUDE_RAW: { scope: 'logdb', description: 'true puts the log files into bundles too.' },
  LOGDB_AUTO_TO: {
    scope: 'logdb',
    description:
      'Where `logdb auto` copies verified bundles to: a folder, [user@]host:folder or s3://bucket/prefix (nowhere).',
  },
  LOGDB_AUTO_RETAIN_BODIES: {
    scope: 'logdb',
    description: 'How long `logdb auto` keeps what was said, like 90d; unset keeps it.',
  },
  LOGDB_AUTO_RETAIN_METADATA: {
    scope: 'logdb',
    description: 'How long `logdb auto` keeps requests, like 400d; unset keeps them.',
  },
  LOGDB_IMPORT_PARALLELISM: { scope: 'logdb', description: 'Threads of an ingest; one of them writes (2).' },
  LOGDB_MEMORY_CAP_MB: { scope: 'logdb', description: 'Memory that an ingest may take, in MiB (256).' },
  LOGDB_SERVER_ID: { scope: 'logdb', description: 'Identity of this server in the log database.' },
  LOGDB_ENV: { scope: 'logdb', description: 'Name of the environment in the log database.' },
  LOGUI: {
    scope: 'server',
    rule: SWITCH,
    description: 'true shows the log database at https://DOMAIN/ui/; a release brings it (false).',
  },
  LOGUI_API_KEYS: {
    scope: 'logdb',
    secret: true,
    description: 'Keys that may read all logs in `logdb ui`, comma-separated.',
  },
  LOGUI_ADMIN_API_KEYS: { scope: 'logdb', secret: true, description: 'Keys of administrators of `logdb ui`.' },
  LOGUI_ALLOWED_ORIGINS: {
    scope: 'logdb',
    description: 'Sites whose pages may call the API of `logdb ui` with a key (none).',
  },
  LOGUI_RATE_LIMIT_RPS: { scope: 'logdb', description: 'Requests a second with one key in `logdb ui` (1000).' },
  LOGUI_HOST: {
    scope: 'logdb',
    description: 'Address that `logdb ui` listens on, for a proxy in front of it (127.0.0.1).',
  },
  LOGUI_DB_ROOT: { scope: 'logdb', description: 'Folder of the log database that `logdb ui` shows (logs/db).' },
  GEMINI_AS_IS: { scope: 'unused', description: 'Only the predecessor reads it.' },
  ENABLE_FILE_LOGGING: { scope: 'unused', description: 'Only the predecessor reads it.' },
  ENVIRONMENT: { scope: 'unused', description: 'Only the predecessor reads it.' },
  BASE_DOMAIN: { scope: 'unused', description: 'Only the predecessor reads it.' },
} as const satisfies Record<string, Variable>

type ProviderVariable = `${Uppercase<KeyedProvider>}_${'API_KEY' | 'BASE_URL'}`

/** Two variables for each provider of the table. */
function providerVariables(): Record<ProviderVariable, Variable> {
  const entries = KEYED_PROVIDER_NAMES.flatMap((name): [string, Variable][] => {
    const { title } = KEYED_PROVIDERS[name]
    const keys = { scope: 'gateway', secret: true, rule: PROVIDER_KEYS } as const
    return [
      [keyVariableOf(name), { ...keys, description: `Your keys for ${title}, comma-separated.` }],
      [baseUrlVariableOf(name), { scope: 'gateway', rule: HTTP_URL, description: `Another address for ${title}.` }],
    ]
  })
  return Object.fromEntries(entries) as Record<ProviderVariable, Variable>
}

type VariableName = keyof typeof VARIABLES

/** Each provider of config.yml has its own variable of keys. */
const PROVIDER_KEY = /^[A-Z][A-Z0-9_]*_API_KEY$/
const OTHER_PROVIDER_KEY: Variable = {
  scope: 'gateway',
  secret: true,
  rule: PROVIDER_KEYS,
  description: 'Your keys for another provider.',
}

export function variable(name: string): Variable | undefined {
  if (Object.hasOwn(VARIABLES, name)) return VARIABLES[name as VariableName]
  return PROVIDER_KEY.test(name) ? OTHER_PROVIDER_KEY : undefined
}

/** Names of what the gateway reads in a release: all that we know, and the keys of other providers among `names`. */
export function gatewayVariables(names: Iterable<string>): string[] {
  const all = new Set([...Object.keys(VARIABLES), ...names])
  return [...all].filter((name) => variable(name)?.scope === 'gateway')
}

/** Those that the Logs UI of a release reads. */
export function uiVariables(names: Iterable<string>): string[] {
  const own = [...Object.keys(VARIABLES), ...names].filter((name) => {
    return variable(name)?.scope === 'logdb' && !SET_IN_RELEASES.includes(name)
  })
  return [...new Set([...own, 'API_KEYS', 'LOG_HASH_SECRET'])]
}

const SET_IN_RELEASES = ['LOGUI_HOST', 'LOGUI_DB_ROOT']
