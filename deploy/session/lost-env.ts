import { editDotenv } from '../../kit/settings/dotenv.ts'
import type { Environment } from '../../kit/settings/environment.ts'
import { settingsInUse } from '../../templates/settings-in-use.ts'
import { deployError } from '../errors.ts'
import type { Facts } from '../server/facts.ts'
import { releaseOf } from '../server/instance.ts'
import { environmentOf } from '../steps/release-environment.ts'
import type { OpenServer } from './open-server.ts'

/** A .env that was lost, as far as it can be put together again. */
export interface RecoveredEnv {
  text: string
  /** The live release. */
  from: string
  /** Variables without which the gateway would be another one, and that cannot be found. */
  unknown: ('API_KEYS' | 'DOMAIN')[]
}

/** What a lost .env said, by what was made of it; null if it is not lost or nothing was ever live. */
export async function recoverEnv({ connection, layout, facts }: OpenServer): Promise<RecoveredEnv | null> {
  const { env, live } = facts
  if (env !== null || live === null) return null
  const reader = { host: connection.host, layout }
  const ofGateway = await environmentOf(reader, live)
  const compose = await connection.host.exec(['cat', `${layout.release(releaseOf(live))}/compose.yml`])
  const values = { ...defined(ofGateway ?? {}), ...recoveredSettings(facts, compose.stdout) }
  const unknown = (['API_KEYS', 'DOMAIN'] as const).filter((name) => !values[name])
  return { text: editDotenv('', values), from: releaseOf(live), unknown }
}

/**
 * Settings of the server itself that are in effect there. The domain is that of the route file, else the only one that
 * there is a certificate for.
 */
export function recoveredSettings({ route, edge, certificates }: Facts, releaseCompose: string | null) {
  const { composeFile, traefikConfig } = edge
  const found = settingsInUse({ route, edgeCompose: composeFile, traefikConfig, releaseCompose })
  const domains = new Set(certificates.map(({ domain }) => domain))
  const [only] = domains
  return domains.size === 1 && only !== undefined ? { DOMAIN: only, ...found } : found
}

/** Nobody is asked with --yes, and guessing would give the gateway another name or other keys. */
export function envLost(unknown: readonly string[]) {
  return deployError(
    'ENV_LOST',
    `the server's .env is lost, and ${unknown.join(' and ')} cannot be found in anything that was made of it`,
    'put .env back from a backup, or run without --yes in a terminal to be asked; --domain NAME gives the domain',
  )
}

function defined(environment: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (value ? [[name, value]] : [])))
}
