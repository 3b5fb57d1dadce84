import { hostname } from 'node:os'
import type { Environment } from '../kit/gateway-config/environment.ts'
import { configInvalid } from '../kit/user-error.ts'
import type { Granularity } from './partitions.ts'

/** What the environment says about the log database. */
export interface LogdbSettings {
  isEnabled: boolean
  isTextIndexEnabled: boolean
  isGroupingEnabled: boolean
  granularity: Granularity
  /** Overrides the id that the log database has. */
  serverId: string | undefined
  hostname: string
  env: string
}

/** @throws UserError CONFIG_INVALID */
export function readSettings(environment: Environment): LogdbSettings {
  return {
    isEnabled: isOn(environment['LOGDB_ENABLED']),
    isTextIndexEnabled: isOn(environment['LOGDB_FTS_ENABLED']),
    isGroupingEnabled: isOn(environment['LOGDB_GROUPING_ENABLED']),
    granularity: granularity(environment['LOGDB_PARTITION_GRANULARITY']),
    serverId: environment['LOGDB_SERVER_ID']?.trim() || undefined,
    hostname: hostname(),
    env: environment['LOGDB_ENV'] || environment['ENV'] || 'dev',
  }
}

/** Unset counts as on. */
const isOn = (value: string | undefined) => !/^\s*(false|0|no|off)\s*$/i.test(value ?? '')

function granularity(value: string | undefined): Granularity {
  const text = (value || 'daily').trim().toLowerCase()
  if (text === 'daily' || text === 'weekly') return text
  const message = `LOGDB_PARTITION_GRANULARITY: found ${JSON.stringify(value)}, allowed: daily or weekly`
  throw configInvalid(message, 'correct it in .env or in the environment')
}
