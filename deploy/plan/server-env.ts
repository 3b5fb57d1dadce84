import { randomBytes } from 'node:crypto'
import { readCheckedEnvironment } from '../../kit/gateway-config/checked-environment.ts'
import { variable } from '../../kit/gateway-config/variables.ts'
import { editDotenv } from '../../kit/settings/dotenv.ts'
import { configInvalid } from '../../kit/user-error.ts'

export interface ServerEnvInput {
  /** Text of the server's .env; null before the first deploy. */
  server: string | null
  /** Text of the .env beside the user; null if there is none. */
  local: string | null
  /** What the user typed in when asked, on a first deploy without a local .env. */
  answers: Record<string, string>
  /** Settings given by flags or environment; they are written to the server's .env. */
  overrides: Record<string, string>
  /** The domain to use when neither .env nor flags name one; null when the address is not known. */
  defaultDomain: string | null
}

export interface ServerEnv {
  /** New text of the server's .env. */
  text: string
  values: Record<string, string>
  /** Names that the first deploy takes from the user's side. */
  uploaded: string[]
  /** A key made here, to be shown once. */
  generatedKey: string | null
  /** Provider keys that nobody gave. */
  missingKeys: string[]
  /** Names whose local value is not the server's; the server's counts. */
  differing: string[]
  /** True when a local HTTP_PORT meant the local gateway's port and stayed behind. */
  leftOutHttpPort: boolean
}

const PROVIDER_KEYS = ['OPENROUTER_API_KEY', 'GEMINI_API_KEY']
const KEY_BYTES = 24
const NOT_UTF8 = '\uFFFD'

/**
 * What the server's .env will be. An existing one is kept but for the HTTPS settings; a first deploy makes it from the
 * user's .env or answers and sees to it that there is an API key.
 * @throws UserError CONFIG_INVALID
 */
export function planServerEnv(input: ServerEnvInput): ServerEnv {
  if (input.server?.includes(NOT_UTF8)) {
    throw configInvalid(
      "the server's .env is not UTF-8 text",
      'convert it on the server, for example with iconv, then run again',
    )
  }
  const local = input.local === null ? null : readCheckedEnvironment(input.local, '.env')
  const isFirst = input.server === null
  const leftOutHttpPort = isFirst && local !== null && Boolean(local['HTTP_PORT']) && !local['HTTPS_PORT']
  const base = input.server ?? firstText(input.local ?? '', leftOutHttpPort)
  const known = readCheckedEnvironment(base, isFirst ? '.env' : "the server's .env")
  const generatedKey = isFirst && !known['API_KEYS'] && !input.answers['API_KEYS'] ? generateKey() : null
  const changes: Record<string, string> = {
    ...(isFirst && input.answers),
    ...(generatedKey && { API_KEYS: generatedKey }),
    ...input.overrides,
  }
  if (!(changes['DOMAIN'] ?? known['DOMAIN']) && input.defaultDomain !== null) changes['DOMAIN'] = input.defaultDomain
  const needed = Object.entries(changes).filter(([name, value]) => known[name] !== value)
  // Not even a last newline is added where nothing is set.
  const text = needed.length === 0 ? base : editDotenv(base, Object.fromEntries(needed))
  const values = readCheckedEnvironment(text, isFirst ? '.env' : "the server's .env")
  return {
    text,
    values,
    uploaded: isFirst && local !== null ? Object.keys(readCheckedEnvironment(base, '.env')) : [],
    generatedKey,
    missingKeys: PROVIDER_KEYS.filter((name) => !values[name]),
    differing: isFirst || local === null ? [] : differingNames(local, values),
    leftOutHttpPort,
  }
}

/** `HTTP_PORT` without `HTTPS_PORT` is the port of a local run; on the server it would be the edge's. */
function firstText(local: string, leaveOutHttpPort: boolean): string {
  if (!leaveOutHttpPort) return local
  return local.replace(/^\s*(export\s+)?HTTP_PORT\s*=.*(\r?\n|$)/gm, '')
}

function differingNames(local: Record<string, string>, server: Record<string, string>): string[] {
  return Object.keys(local).filter(
    (name) => variable(name)?.scope === 'gateway' && local[name] !== (server[name] ?? ''),
  )
}

function generateKey(): string {
  return `sk-${randomBytes(KEY_BYTES).toString('base64url')}`
}
