import type { Environment } from '../settings/environment.ts'
import { gatewayVariables, variable } from './variables.ts'

const BASE64_SUFFIX = '_BASE64'

/** Env files of Compose v1, Compose v2 and Docker agree on a value only if none of them gives its characters a meaning. */
const SAFE_IN_ENV_FILE = /^[\w.:/,@+=%~-]+$/

/**
 * The env file of a release: the values that the gateway, or another of its programs, reads, each readable in the same way by Compose v1, Compose v2
 * and `docker run --env-file`. A value that they would read differently goes in as NAME_BASE64.
 */
export function renderEnvFile(environment: Environment, variablesOf = gatewayVariables): string {
  const lines: string[] = []
  for (const name of variablesOf(Object.keys(environment))) {
    const value = environment[name]
    if (!value) continue
    const safe = SAFE_IN_ENV_FILE.test(value)
    lines.push(safe ? `${name}=${value}` : `${name}${BASE64_SUFFIX}=${Buffer.from(value).toString('base64')}`)
  }
  return lines.map((line) => `${line}\n`).join('')
}

/** The reverse: NAME_BASE64 of a known variable becomes NAME. */
export function decodeEnvironment(environment: Environment): Environment {
  const decoded: Record<string, string | undefined> = { ...environment }
  for (const [encodedName, encoded] of Object.entries(environment)) {
    const name = encodedName.endsWith(BASE64_SUFFIX) ? encodedName.slice(0, -BASE64_SUFFIX.length) : ''
    if (encoded && variable(name)) decoded[name] = Buffer.from(encoded, 'base64').toString('utf8')
  }
  return decoded
}
