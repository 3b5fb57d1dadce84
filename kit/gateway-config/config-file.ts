import type { ErrorObject, ValidateFunction } from 'ajv'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { type ApiName, BUILT_IN_PROVIDERS, KEYED_PROVIDER_NAMES, keyVariableOf } from '../providers.ts'
import { BYTES_PER_MIB } from '../sizes.ts'
import { configInvalid, errorMessage } from '../user-error.ts'
import { validate } from './config-check.generated.ts'
import type { BodyLog, ConfigFile, RedactionRule } from './config-schema.ts'
import { FORMAT_MEANINGS, type FormatName, shownValue } from './formats.ts'

/** config.yml, with defaults where it is silent. */
export interface GatewayConfig {
  /** Model name or pattern with `*` -> `provider:model` or a model of OpenRouter, or a list of these to choose from. */
  modelMappings: Record<string, string | readonly string[]>
  /** Model name or pattern -> what to try next, as in a mapping's value or by a mapped name. */
  fallbacks: Record<string, string[]>
  /** In addition to the built-in ones. */
  providers: Record<string, ProviderConfig>
  /** By the name of a provider, which may be a built-in one. */
  providerOptions: Record<string, ProviderOptions>
  limits: LimitsConfig
  log: LogConfig
}

interface ProviderConfig {
  /** Without a slash at the end. */
  baseUrl: string
  apis: readonly ApiName[]
  /** Variable that holds its keys. */
  keyVariable: string
  /** False: without a key, requests go there without one. */
  keyRequired: boolean
  keyHeader: 'authorization' | 'x-api-key'
  headers: Record<string, string>
}

/** What the log holds of the bodies of some requests. */
export interface LogRules {
  bodies: BodyLog
  redact: readonly RedactionRule[]
}

/** The rules for all requests, and others that apply in addition to requests of some keys and models. */
export interface LogConfig extends LogRules {
  /** Clients may ask for less with the header x-log. */
  clientMay: boolean
  /** By the name of a key or its hash. */
  keys: Record<string, LogRules>
  /** By the name of a model, or a pattern with `*`. */
  models: Record<string, LogRules>
}

export interface ProviderOptions {
  /** Ask for the tokens of every stream in the form of OpenAI, also where the client does not. */
  includeUsage: boolean
  /** What passes of the headers of clients in addition to what always does, and what does not; names or `beginning*`, lower case. */
  passHeaders: readonly string[]
  dropHeaders: readonly string[]
  /** Names in the query of clients that pass. */
  passQuery: readonly string[]
  /** Authorities that are trusted too, in PEM, and a file that has such. */
  ca: string | undefined
  caFile: string | undefined
}

export interface LimitsConfig {
  /** Null means no limit, here and below. */
  concurrentRequests: number | null
  bodyMaxBytes: number
  firstByteTimeoutMs: number
  idleTimeoutMs: number
  slowReaderTimeoutMs: number
  keepaliveMs: number
  /** When a stream begins without an answer; null: never. */
  firstPingMs: number | null
  perKey: KeyLimits
  /** What differs for a key, by its name or its hash. */
  keys: Record<string, Partial<KeyLimits>>
}

export interface KeyLimits {
  requestsPerMinute: number | null
  concurrentStreams: number | null
  /** Names and patterns with `*`. */
  models: string[] | null
}

const NO_KEY_LIMITS: KeyLimits = { requestsPerMinute: null, concurrentStreams: null, models: null }
const COMMON_APIS = ['chat/completions', 'completions', 'embeddings'] as const

const matchesSchema = validate as ValidateFunction<ConfigFile>
const UNQUOTED_PATTERN = 'a name or pattern that begins with * has to be quoted, as in "*-mini"'

/**
 * Reads the text of a config.yml, `file` being its name in messages.
 * @throws UserError CONFIG_INVALID that names every problem with its place
 */
export function parseConfigFile(text: string, file: string): GatewayConfig {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const hint = `correct ${file}; docs/configuration.md shows what may be in it`
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => {
      return `${file} line ${lines.linePos(pos[0]).line}: ${firstLine(message)}`
    })
    // Unquoted it is an alias, and one that ends with a colon at that.
    if (document.warnings.some(({ message }) => message.startsWith('Alias'))) problems.push(UNQUOTED_PATTERN)
    throw configInvalid(problems.join('\n'), hint)
  }
  const value = toValue(document, (problem) => configInvalid(`${file}: ${problem}`, hint))
  const isValid = matchesSchema(value)
  const problems = isValid
    ? [...sharedKeyVariables(value.providers ?? {}), ...unknownProviders(value)]
    : (matchesSchema.errors ?? []).flatMap((error) => describe(error) ?? [])
  if (isValid && problems.length === 0) return toConfig(value)
  throw configInvalid([...new Set(problems)].map((problem) => `${file}: ${problem}`).join('\n'), hint)
}

/** Throws what `problem` makes if aliases lead nowhere, into themselves or to too much. */
function toValue(document: Document, problem: (message: string) => Error): unknown {
  try {
    const value: unknown = document.toJS() ?? {}
    // Fails where something is part of itself, which no message could show.
    JSON.stringify(value)
    return value
  } catch (error) {
    const message = firstLine(errorMessage(error))
    throw problem(message.startsWith('Unresolved alias') ? `${message}; ${UNQUOTED_PATTERN}` : message)
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

function toConfig({
  model_mappings: modelMappings,
  fallbacks = {},
  providers = {},
  provider_options: providerOptions = {},
  limits,
  log,
}: ConfigFile): GatewayConfig {
  return {
    modelMappings,
    fallbacks,
    providers: mapValues(providers, (entry, name) => ({
      baseUrl: entry.base_url.replace(/\/+$/, ''),
      apis: entry.apis ?? COMMON_APIS,
      keyVariable: entry.api_key_env ?? keyVariableOf(name),
      keyRequired: entry.key_required ?? true,
      keyHeader: entry.key_header ?? 'authorization',
      headers: entry.headers ?? {},
    })),
    providerOptions: mapValues(providerOptions, toProviderOptions),
    limits: toLimits(limits ?? {}),
    log: toLog(log ?? {}),
  }
}

function toLog({
  client_may: clientMay = false,
  keys = {},
  models = {},
  ...rules
}: NonNullable<ConfigFile['log']>): LogConfig {
  return { ...toLogRules(rules), clientMay, keys: mapValues(keys, toLogRules), models: mapValues(models, toLogRules) }
}

function toLogRules({ bodies = 'full', redact = [] }: Partial<LogRules>): LogRules {
  return { bodies, redact }
}

type ProviderOptionsEntry = NonNullable<ConfigFile['provider_options']>[string]

/** The options of a provider for which config.yml has none are those of an empty entry. */
export function toProviderOptions(entry: ProviderOptionsEntry): ProviderOptions {
  const lowerCase = (names: string[] = []) => names.map((name) => name.toLowerCase())
  return {
    includeUsage: entry.include_usage ?? false,
    passHeaders: lowerCase(entry.pass_headers),
    dropHeaders: lowerCase(entry.drop_headers),
    passQuery: entry.pass_query ?? [],
    ca: entry.ca,
    caFile: entry.ca_file,
  }
}

function toLimits(entry: NonNullable<ConfigFile['limits']>): LimitsConfig {
  return {
    concurrentRequests: entry.concurrent_requests ?? null,
    bodyMaxBytes: (entry.body_mib ?? 32) * BYTES_PER_MIB,
    firstByteTimeoutMs: (entry.first_byte_timeout_s ?? 600) * 1000,
    idleTimeoutMs: (entry.idle_timeout_s ?? 300) * 1000,
    slowReaderTimeoutMs: (entry.slow_reader_timeout_s ?? 60) * 1000,
    keepaliveMs: (entry.keepalive_s ?? 15) * 1000,
    firstPingMs: entry.first_ping_s === undefined ? null : entry.first_ping_s * 1000,
    perKey: { ...NO_KEY_LIMITS, ...toKeyLimits(entry.per_key ?? {}) },
    keys: mapValues(entry.keys ?? {}, toKeyLimits),
  }
}

type KeyLimitsEntry = NonNullable<NonNullable<ConfigFile['limits']>['per_key']>

function toKeyLimits(entry: KeyLimitsEntry): Partial<KeyLimits> {
  const limits: Partial<KeyLimits> = {}
  if (entry.requests_per_minute !== undefined) limits.requestsPerMinute = entry.requests_per_minute
  if (entry.concurrent_streams !== undefined) limits.concurrentStreams = entry.concurrent_streams
  if (entry.models !== undefined) limits.models = entry.models
  return limits
}

function mapValues<T, U>(record: Record<string, T>, change: (value: T, name: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]))
}

/** Two names such as a-b and a_b would read one variable, so a key would go to a server that it is not meant for. */
function sharedKeyVariables(providers: NonNullable<ConfigFile['providers']>): string[] {
  const owners = new Map<string, string>()
  return Object.entries(providers).flatMap(([name, entry]) => {
    const variable = keyVariableOf(name)
    const owner = owners.get(variable)
    if (entry.api_key_env !== undefined) return []
    owners.set(variable, name)
    if (owner === undefined) return []
    return [`providers.${name}: reads ${variable} as ${owner} does, allowed: an api_key_env for one of the two`]
  })
}

function unknownProviders({ providers = {}, provider_options: options = {} }: ConfigFile): string[] {
  const names = [...KEYED_PROVIDER_NAMES, ...Object.keys(providers)]
  const unknown = Object.keys(options).filter((name) => !names.includes(name))
  return unknown.map((name) => `provider_options: found the name "${name}", allowed: ${names.join(', ')}`)
}

/** Undefined for errors that only repeat another one. */
function describe({
  instancePath,
  keyword,
  params,
  data,
  parentSchema,
  propertyName,
}: ErrorObject): string | undefined {
  const path = instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~') || 'top level'
  const found = JSON.stringify(data)
  switch (keyword) {
    case 'additionalProperties':
      return `${path}: found the key ${JSON.stringify(params['additionalProperty'])}, allowed: ${Object.keys(parentSchema?.['properties']).join(', ')}`
    case 'if':
      return undefined
    case 'required':
      return `${path}: ${params['missingProperty']} is missing`
    case 'type':
      return `${path}: found ${found}, allowed: ${String(params['type']).replace(',', ' or ')}`
    case 'enum':
      return `${path}: found ${found}, allowed: ${params['allowedValues'].join(', ')}`
    case 'minimum':
      return `${path}: found ${found}, allowed: ${params['limit']} or more`
    case 'maximum':
      return `${path}: found ${found}, allowed: ${params['limit']} or less`
    case 'minItems':
      return `${path}: found an empty list, allowed: at least one entry`
    case 'not':
      return `${path}: found the name "${propertyName}", allowed: any but ${BUILT_IN_PROVIDERS.join(', ')}`
    case 'format':
      return `${path}: found ${shownValue(params['format'], data)}, allowed: ${FORMAT_MEANINGS[params['format'] as FormatName]}`
    case 'pattern':
      return `${path}: found ${found}, allowed: ${patternMeaning(propertyName)}`
    case 'minLength':
      return `${path}: found an empty text, allowed: a name`
    default:
      return undefined
  }
}

function patternMeaning(propertyName: string | undefined): string {
  if (propertyName !== undefined) return 'a name of lower-case letters, digits, - and _'
  return 'a variable whose name ends in _API_KEY'
}
