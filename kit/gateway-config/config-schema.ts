import { API_NAMES, type ApiName, BUILT_IN_PROVIDERS } from '../providers.ts'

/** What the log holds of bodies, from the least strict to the strictest. */
export const BODY_LOGS = ['full', 'metadata', 'none'] as const
export type BodyLog = (typeof BODY_LOGS)[number]

/** `keys` are the gateway's own. */
const REDACTED_KINDS = ['keys', 'emails', 'cards'] as const
/** What is hidden in the log: a kind that the gateway knows, or what a pattern of RE2 matches. */
export type RedactionRule = (typeof REDACTED_KINDS)[number] | { name: string; pattern: string }

const NAME = { type: 'string', minLength: 1 } as const
const NAMES = { type: 'array', minItems: 1, items: NAME } as const
const NAME_OR_NAMES = { type: ['string', 'array'], minLength: 1, minItems: 1, items: NAME } as const
/** `null` removes a limit that would apply otherwise. */
const COUNT = { type: ['integer', 'null'], minimum: 1 } as const
/** Timers count in 32-bit milliseconds. */
const SECONDS = { type: 'number', minimum: 0.1, maximum: 86_400 } as const

const PROVIDER = {
  type: 'object',
  additionalProperties: false,
  required: ['base_url'],
  properties: {
    base_url: { type: 'string', format: 'http-url' },
    apis: { type: 'array', minItems: 1, items: { enum: API_NAMES } },
    api_key_env: { type: 'string', pattern: '^[A-Z][A-Z0-9_]*_API_KEY$' },
    key_required: { type: 'boolean' },
    key_header: { enum: ['authorization', 'x-api-key'] },
    headers: {
      type: 'object',
      propertyNames: { format: 'header-name' },
      additionalProperties: { type: 'string', format: 'header-value' },
    },
  },
} as const

const HEADER_PATTERNS = { type: 'array', minItems: 1, items: { type: 'string', format: 'header-pattern' } } as const

/** For every provider, also the built-in ones. */
const PROVIDER_OPTIONS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    include_usage: { type: 'boolean' },
    pass_headers: HEADER_PATTERNS,
    drop_headers: HEADER_PATTERNS,
    pass_query: NAMES,
    ca: { type: 'string', format: 'certificates' },
    ca_file: NAME,
  },
} as const

const KEY_LIMITS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    requests_per_minute: COUNT,
    concurrent_streams: COUNT,
    models: { ...NAMES, type: ['array', 'null'] },
  },
} as const

const LOG_RULES = {
  bodies: { enum: BODY_LOGS },
  redact: {
    type: 'array',
    items: {
      type: ['string', 'object'],
      if: { type: 'string' },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { enum: REDACTED_KINDS },
      else: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'pattern'],
        properties: {
          name: { type: 'string', format: 'rule-name' },
          pattern: { type: 'string', format: 'linear-pattern' },
        },
      },
    },
  },
} as const
const SOME_LOG_RULES = { type: 'object', additionalProperties: false, properties: LOG_RULES } as const

/** config.yml as JSON Schema. */
export const CONFIG_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['model_mappings'],
  properties: {
    model_mappings: { type: 'object', propertyNames: { minLength: 1 }, additionalProperties: NAME_OR_NAMES },
    fallbacks: { type: 'object', propertyNames: { minLength: 1 }, additionalProperties: NAMES },
    providers: {
      type: 'object',
      propertyNames: { pattern: '^[a-z][a-z0-9_-]*$', not: { enum: BUILT_IN_PROVIDERS } },
      additionalProperties: PROVIDER,
    },
    log: {
      type: 'object',
      additionalProperties: false,
      properties: {
        ...LOG_RULES,
        client_may: { type: 'boolean' },
        keys: { type: 'object', additionalProperties: SOME_LOG_RULES },
        models: { type: 'object', propertyNames: { minLength: 1 }, additionalProperties: SOME_LOG_RULES },
      },
    },
    provider_options: { type: 'object', additionalProperties: PROVIDER_OPTIONS },
    limits: {
      type: 'object',
      additionalProperties: false,
      properties: {
        concurrent_requests: COUNT,
        body_mib: { type: 'integer', minimum: 1, maximum: 1024 },
        first_byte_timeout_s: SECONDS,
        idle_timeout_s: SECONDS,
        slow_reader_timeout_s: SECONDS,
        keepalive_s: SECONDS,
        first_ping_s: SECONDS,
        per_key: KEY_LIMITS,
        keys: { type: 'object', additionalProperties: KEY_LIMITS },
      },
    },
  },
} as const

/** What {@link CONFIG_SCHEMA} lets through. */
export interface ConfigFile {
  model_mappings: Record<string, string | string[]>
  fallbacks?: Record<string, string[]>
  providers?: Record<string, ProviderEntry>
  provider_options?: Record<string, ProviderOptionsEntry>
  limits?: LimitsEntry
  log?: LogEntry
}

interface ProviderEntry {
  base_url: string
  apis?: ApiName[]
  api_key_env?: string
  key_required?: boolean
  key_header?: 'authorization' | 'x-api-key'
  headers?: Record<string, string>
}

interface LogRulesEntry {
  bodies?: BodyLog
  redact?: RedactionRule[]
}

interface LogEntry extends LogRulesEntry {
  client_may?: boolean
  keys?: Record<string, LogRulesEntry>
  models?: Record<string, LogRulesEntry>
}

interface ProviderOptionsEntry {
  include_usage?: boolean
  pass_headers?: string[]
  drop_headers?: string[]
  pass_query?: string[]
  ca?: string
  ca_file?: string
}

interface LimitsEntry {
  concurrent_requests?: number | null
  body_mib?: number
  first_byte_timeout_s?: number
  idle_timeout_s?: number
  slow_reader_timeout_s?: number
  keepalive_s?: number
  first_ping_s?: number
  per_key?: KeyLimitsEntry
  keys?: Record<string, KeyLimitsEntry>
}

interface KeyLimitsEntry {
  requests_per_minute?: number | null
  concurrent_streams?: number | null
  models?: string[] | null
}
