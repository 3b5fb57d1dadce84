import { decodeEnvironment } from '../../../kit/gateway-config/env-file.ts'
import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import type { Environment } from '../../../kit/settings/environment.ts'
import { contextHashes, type Manifest } from '../../server/manifest.ts'
import type { Release } from '../release.ts'
import { textDiff } from './text-diff.ts'

/** A release that another one replaces. What could not be read is null. */
export interface ReplacedRelease {
  manifest: Manifest
  /** Text of config.yml. */
  config: string | null
  /** Of its gateway.env. */
  environment: Environment | null
}

const FILES_SHOWN = 5

/** What differs in a new release, line by line; of values of .env only the names. */
export function releaseDifferences(before: ReplacedRelease, { manifest, files }: Release): string[] {
  const textOf = (name: string) => files.find(({ path }) => path === name)?.content ?? ''
  const environment = decodeEnvironment(parseDotenv(textOf('gateway.env')).values)
  return [
    ...sourceChanges(contextHashes(before.manifest), contextHashes(manifest)),
    ...(before.config === null ? [] : textDiff('config.yml', before.config, textOf('config.yml'))),
    ...(before.environment === null ? [] : valueChanges(before.environment, environment)),
  ]
}

function sourceChanges(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  const changed = paths.filter((path) => before[path] !== after[path])
  if (changed.length === 0) return []
  const more = changed.length > FILES_SHOWN ? ` and ${changed.length - FILES_SHOWN} more` : ''
  return [`files of the gateway: ${changed.slice(0, FILES_SHOWN).join(', ')}${more}`]
}

function valueChanges(before: Environment, after: Environment): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  const changed = names.filter((name) => (before[name] ?? '') !== (after[name] ?? ''))
  return changed.length === 0
    ? []
    : [`values of .env: ${changed.map((name) => change(name, before, after)).join(', ')}`]
}

function change(name: string, before: Environment, after: Environment): string {
  if (!before[name]) return `${name} (new)`
  return after[name] ? name : `${name} (removed)`
}
