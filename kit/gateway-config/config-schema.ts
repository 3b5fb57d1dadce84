import { API_NAMES, type ApiName, BUILT_IN_PROVIDERS } from '../providers.ts'

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

const KEY_LIMITS = {
  type: 'object',
  additionalProperties: false,
  properties: {
    requests_per_minute: COUNT,
    concurrent_streams: COUNT,
    models: { ...NAMES, type: ['array', 'null'] },
  },
} as const

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
  limits?: LimitsEntry
}

interface ProviderEntry {
  base_url: string
  apis?: ApiName[]
  api_key_env?: string
  key_required?: boolean
  key_header?: 'authorization' | 'x-api-key'
  headers?: Record<string, string>
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
