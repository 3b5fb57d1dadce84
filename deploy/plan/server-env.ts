import { randomBytes } from 'node:crypto'
import { readCheckedEnvironment } from '../../kit/gateway-config/checked-environment.ts'
import { variable } from '../../kit/gateway-config/variables.ts'
import { editDotenv } from '../../kit/settings/dotenv.ts'
import { configInvalid } from '../../kit/user-error.ts'
import { deployError } from '../errors.ts'

export interface ServerEnvInput {
  /** Text of the server's .env; null before the first deploy. */
  server: string | null
  /** Text of this machine's .env; null if there is none. */
  local: string | null
  /** What the user typed when asked, on a first deploy without a local .env. */
  answers: Record<string, string>
  /** Settings given by flags or environment; they are written to the server's .env. */
  overrides: Record<string, string>
  /** The domain to use when neither .env nor flags name one; null when the address is not known. */
  defaultDomain: string | null
  /** Variables that hold the keys of the providers which config.yml maps models to. */
  neededKeys: readonly string[]
}

/** What the server's .env will be, and what the user should know about it. */
export interface ServerEnv {
  /** New text of the server's .env. */
  text: string
  values: Record<string, string>
  /** Names that the first deploy takes from this machine's .env. */
  uploaded: string[]
  /** A key made here, to be shown once. */
  generatedKey: string | null
  /** Needed keys that nobody gave. */
  missingKeys: string[]
  /** Names whose local value is not the server's; the server's is used. */
  differing: string[]
  /** True when a local HTTP_PORT meant the local gateway's port and was not copied. */
  hasLeftOutHttpPort: boolean
}

const SERVER_FILE = "the server's .env"
const KEY_BYTES = 24
const NOT_UTF8 = '\uFFFD'

/**
 * An existing .env is kept except for the settings that are given; a first deploy makes it from this machine's .env or the
 * user's answers, and makes an API key if there is none.
 * @throws UserError CONFIG_INVALID
 */
export function planServerEnv(input: ServerEnvInput): ServerEnv {
  const local = input.local === null ? null : readCheckedEnvironment(input.local, '.env')
  const values = input.server === null ? firstEnv(input, local) : laterEnv(input, input.server, local)
  return { ...values, missingKeys: input.neededKeys.filter((name) => !values.values[name]) }
}

/** @throws UserError ADDRESS_UNKNOWN if it has no DOMAIN */
export function requireDomain(env: ServerEnv): ServerEnv {
  if (env.values['DOMAIN']) return env
  throw deployError(
    'ADDRESS_UNKNOWN',
    'the public address of the server cannot be found from here',
    'name it with --ip ADDRESS, or give a name of your own with --domain NAME',
  )
}

/** Sentences without a full stop. */
export function envWarnings({ differing, missingKeys, hasLeftOutHttpPort }: ServerEnv): string[] {
  const [theirs, them] = missingKeys.length === 1 ? ['that provider', 'it'] : ['those providers', 'them']
  const lines: (string | false)[] = [
    differing.length > 0 &&
      `your .env differs from the server's in ${differing.join(', ')}; the value on the server is used`,
    missingKeys.length > 0 &&
      `the server's .env has no ${missingKeys.join(' and no ')}: models of ${theirs} answer 503 until you add ${them} and deploy again`,
    hasLeftOutHttpPort &&
      'HTTP_PORT of your .env means the local gateway and is not copied; on a server it is the port of the edge',
  ]
  return lines.filter((line) => line !== false)
}

type LocalValues = Record<string, string> | null

function firstEnv(input: ServerEnvInput, local: LocalValues): Omit<ServerEnv, 'missingKeys'> {
  const hasLeftOutHttpPort = Boolean(local?.['HTTP_PORT']) && !local?.['HTTPS_PORT']
  const base = hasLeftOutHttpPort ? withoutHttpPort(input.local ?? '') : (input.local ?? '')
  const known = readCheckedEnvironment(base, '.env')
  const generatedKey = known['API_KEYS'] || input.answers['API_KEYS'] ? null : generateKey()
  const key = generatedKey === null ? {} : { API_KEYS: generatedKey }
  return {
    ...edited(base, '.env', { ...input.answers, ...key, ...input.overrides }, input.defaultDomain),
    uploaded: local === null ? [] : Object.keys(known),
    generatedKey,
    differing: [],
    hasLeftOutHttpPort,
  }
}

function laterEnv(input: ServerEnvInput, server: string, local: LocalValues): Omit<ServerEnv, 'missingKeys'> {
  if (server.includes(NOT_UTF8)) {
    throw configInvalid(
      `${SERVER_FILE} is not UTF-8 text`,
      'convert it on the server, for example with iconv, then run again',
    )
  }
  const env = edited(server, SERVER_FILE, input.overrides, input.defaultDomain)
  const differing = local === null ? [] : differingNames(local, env.values)
  return { ...env, uploaded: [], generatedKey: null, differing, hasLeftOutHttpPort: false }
}

/** The same text with these values, and with a domain; not even a last newline is added where nothing is set. */
function edited(base: string, file: string, settings: Record<string, string>, defaultDomain: string | null) {
  const known = readCheckedEnvironment(base, file)
  const hasDomain = Boolean(settings['DOMAIN'] ?? known['DOMAIN'])
  const wanted = hasDomain || defaultDomain === null ? settings : { ...settings, DOMAIN: defaultDomain }
  const changes = Object.entries(wanted).filter(([name, value]) => known[name] !== value)
  const text = changes.length === 0 ? base : editDotenv(base, Object.fromEntries(changes))
  return { text, values: readCheckedEnvironment(text, file) }
}

/** `HTTP_PORT` without `HTTPS_PORT` is the port of a local run; on the server it would be the edge's. */
function withoutHttpPort(local: string): string {
  return local.replace(/^\s*(export\s+)?HTTP_PORT\s*=.*(\r?\n|$)/gm, '')
}

/** Of what the gateway reads. */
function differingNames(local: Record<string, string>, server: Record<string, string>): string[] {
  return Object.keys(local).filter(
    (name) => variable(name)?.scope === 'gateway' && local[name] !== (server[name] ?? ''),
  )
}

function generateKey(): string {
  return `sk-${randomBytes(KEY_BYTES).toString('base64url')}`
}
