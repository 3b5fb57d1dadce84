import { hostname } from 'node:os'
import type { Environment } from '../kit/settings/environment.ts'
import { parseSwitch } from '../kit/settings/switch.ts'
import { configInvalid, type UserError } from '../kit/user-error.ts'
import type { Granularity } from './days.ts'

/**
 * The settings of logdb from the environment.
 * @example
 * const settings: LogdbSettings = { ...readSettings(process.env), granularity: 'weekly' }
 */
export interface LogdbSettings {
  /** LOGDB_ENABLED: false turns off the command `logdb ingest`. */
  isEnabled: boolean
  /** LOGDB_FTS_ENABLED: keep text indexes up to date. */
  isTextIndexEnabled: boolean
  /** LOGDB_GROUPING_ENABLED: false turns off the command `logdb dialogs`. */
  isGroupingEnabled: boolean
  /** LOGDB_BUNDLE_INCLUDE_RAW: put the log files into bundles too. */
  isRawBundled: boolean
  /** LOGDB_PARTITION_GRANULARITY, for days without a partition. */
  granularity: Granularity
  /** LOGDB_CLEANUP_AFTER_MERGE: delete partitions that were merged into that of their week or month. */
  mustCleanUpAfterMerge: boolean
  /** LOGDB_AUTO_RETAIN_BODIES and LOGDB_AUTO_RETAIN_METADATA: how many days `logdb auto` keeps; all if absent. */
  keptDays: { bodies?: number; metadata?: number }
  /** LOGDB_SERVER_ID; replaces the id that the log database has. */
  serverId: string | undefined
  /** Of this machine; stored with the rows. */
  hostname: string
  /** LOGDB_ENV or ENV, for example dev or production; stored with the rows. */
  env: string
  /** LOGDB_IMPORT_PARALLELISM: how many threads an ingest may use. */
  parallelism: number
  /** LOGDB_MEMORY_CAP_MB: how much memory an ingest may take, in MiB. */
  memoryCapMb: number
}

const DEFAULT_PARALLELISM = 2
const MAX_PARALLELISM = 64
const DEFAULT_MEMORY_CAP_MB = 256
/** Below this Node itself does not run. */
const MIN_MEMORY_CAP_MB = 64
const MAX_MEMORY_CAP_MB = 1_048_576

/**
 * Reads the settings; missing variables get their defaults.
 * @param environment variables by name, for example `process.env`; ./.env is not read
 * @throws UserError CONFIG_INVALID
 * @example
 * const settings = readSettings({ LOGDB_IMPORT_PARALLELISM: '4' })
 */
export function readSettings(environment: Environment): LogdbSettings {
  return {
    isEnabled: isOn(environment, 'LOGDB_ENABLED'),
    isTextIndexEnabled: isOn(environment, 'LOGDB_FTS_ENABLED'),
    isGroupingEnabled: isOn(environment, 'LOGDB_GROUPING_ENABLED'),
    isRawBundled: isOn(environment, 'LOGDB_BUNDLE_INCLUDE_RAW', 'false'),
    granularity: granularity(environment),
    mustCleanUpAfterMerge: isOn(environment, 'LOGDB_CLEANUP_AFTER_MERGE', 'false'),
    keptDays: {
      ...days(environment, 'bodies', 'LOGDB_AUTO_RETAIN_BODIES'),
      ...days(environment, 'metadata', 'LOGDB_AUTO_RETAIN_METADATA'),
    },
    serverId: environment['LOGDB_SERVER_ID']?.trim() || undefined,
    hostname: hostname(),
    env: environment['LOGDB_ENV'] || environment['ENV'] || 'dev',
    parallelism: wholeNumber(environment, 'LOGDB_IMPORT_PARALLELISM', 1, MAX_PARALLELISM) ?? DEFAULT_PARALLELISM,
    memoryCapMb: memoryCapMb(environment),
  }
}

/** The predecessor documents the first name and reads the second one. */
function memoryCapMb(environment: Environment): number {
  for (const name of ['LOGDB_MEMORY_CAP_MB', 'LOGDB_MEMORY_MB']) {
    const found = wholeNumber(environment, name, MIN_MEMORY_CAP_MB, MAX_MEMORY_CAP_MB)
    if (found !== undefined) return found
  }
  return DEFAULT_MEMORY_CAP_MB
}

/** Undefined if it is not set. */
function wholeNumber(environment: Environment, name: string, least: number, most: number): number | undefined {
  const text = environment[name]?.trim()
  if (!text) return undefined
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw notAllowed(environment, name, `a whole number from ${least} to ${most}`)
}

/** Of a time like 90d, under its name; nothing if it is not set. A mistyped one must not remove anything. */
function days<Kind extends string>(environment: Environment, kind: Kind, name: string): Partial<Record<Kind, number>> {
  const text = environment[name]?.trim()
  if (!text) return {}
  const [, count = '0'] = /^(\d{1,5})d$/.exec(text) ?? []
  if (Number(count) === 0) throw notAllowed(environment, name, 'a number of days like 90d')
  return { [kind]: Number(count) } as Record<Kind, number>
}

function isOn(environment: Environment, name: string, unset = 'true'): boolean {
  const value = parseSwitch(environment[name]?.trim() || unset)
  if (value !== undefined) return value
  throw notAllowed(environment, name, 'true or false')
}

function granularity(environment: Environment): Granularity {
  const name = 'LOGDB_PARTITION_GRANULARITY'
  const text = environment[name]?.trim().toLowerCase() || 'daily'
  if (text === 'daily' || text === 'weekly') return text
  throw notAllowed(environment, name, 'daily or weekly')
}

function notAllowed(environment: Environment, name: string, allowed: string): UserError {
  const message = `${name}: found ${JSON.stringify(environment[name])}, allowed: ${allowed}`
  return configInvalid(message, 'correct it in .env or in the environment')
}
