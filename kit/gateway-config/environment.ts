import { Ajv } from 'ajv'
import { parseDotenv } from '../dotenv.ts'
import { configInvalid } from '../user-error.ts'
import { FORMATS } from './formats.ts'
import { gatewayVariables, variable } from './variables.ts'

/** Texts by name, as in `process.env`; an empty text counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>

const BASE64_SUFFIX = '_BASE64'

const ajv = new Ajv({ formats: FORMATS })

/** Problems with the variables we know, as "NAME: found ..., allowed: ..."; a secret's value is never shown. */
export function environmentProblems(environment: Environment): string[] {
  const ruled = Object.entries(environment).flatMap(([name, value]) => {
    const { rule, secret } = variable(name) ?? {}
    return value && rule ? [{ name, value, rule, secret }] : []
  })
  return ruled.flatMap(({ name, value, rule: { allowed, ...schema }, secret }) => {
    if (ajv.validate({ type: 'string', ...schema }, value)) return []
    const found = secret ? 'a value that cannot be used' : JSON.stringify(value)
    return [`${name}: found ${found}, allowed: ${allowed}`]
  })
}

/**
 * The values of a .env file, `file` being its name in messages.
 * @throws UserError CONFIG_INVALID that lists every line and value that is wrong
 */
export function readEnvironment(text: string, file: string): Record<string, string> {
  const { values, problems } = parseDotenv(text)
  const found = [
    ...problems.map(({ line, message }) => `${file} line ${line}: ${message}`),
    ...environmentProblems(values).map((problem) => `${file} ${problem}`),
  ]
  if (found.length > 0) throw configInvalid(found.join('\n'), `correct ${file}; .env.example shows every variable`)
  return values
}

/** Env files of Compose v1, Compose v2 and Docker agree on a value only if none of them gives its characters a meaning. */
const SAFE_IN_ENV_FILE = /^[\w.:/,@+=%~-]+$/

/**
 * The env file of a release: what of these values the gateway reads, each value readable in the same way by Compose v1,
 * Compose v2 and `docker run --env-file`. What they would read differently goes in as NAME_BASE64.
 */
export function renderEnvFile(environment: Environment): string {
  const lines: string[] = []
  for (const name of gatewayVariables(Object.keys(environment))) {
    const value = environment[name]
    if (!value) continue
    const safe = SAFE_IN_ENV_FILE.test(value)
    lines.push(safe ? `${name}=${value}` : `${name}${BASE64_SUFFIX}=${Buffer.from(value).toString('base64')}`)
  }
  return lines.map((line) => `${line}\n`).join('')
}

/** The other way: NAME_BASE64 of a known variable becomes NAME. */
export function decodeEnvironment(environment: Environment): Environment {
  const decoded: Record<string, string | undefined> = { ...environment }
  for (const [encodedName, encoded] of Object.entries(environment)) {
    const name = encodedName.endsWith(BASE64_SUFFIX) ? encodedName.slice(0, -BASE64_SUFFIX.length) : ''
    if (encoded && variable(name)) decoded[name] = Buffer.from(encoded, 'base64').toString('utf8')
  }
  return decoded
}
