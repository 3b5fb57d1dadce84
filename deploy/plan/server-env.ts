import { randomBytes } from 'node:crypto'
import { readCheckedEnvironment } from '../../kit/gateway-config/checked-environment.ts'
import { variable } from '../../kit/gateway-config/variables.ts'
import { editDotenv } from '../../kit/settings/dotenv.ts'
import { configInvalid } from '../../kit/user-error.ts'
import { deployError } from '../errors.ts'

export interface ServerEnvInput {
  /** Text of the server's .env; null before the first deploy. */
  server: string | null
  /** `server` was put together from what this release was made of, since .env is lost. */
  rebuiltFrom?: string | null
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
  /** The release that a lost .env was put together from; null if it was not lost. */
  rebuiltFrom: string | null
  /** A key made here, to be shown once. */
  generatedKey: string | null
  /** Needed keys that nobody gave. */
  missingKeys: string[]
  /** Names whose local value is not the server's; the server's is used. */
  differing: string[]
  /** The domain that is used when none is set; null when the address is not known. */
  defaultDomain: string | null
  /** True when a local HTTP_PORT meant the local gateway's port and was not copied. */
  hasLeftOutHttpPort: boolean
}

const KEY_BYTES = 24
const NOT_UTF8 = '\uFFFD'

/** A text of .env and what is to be set in it. */
interface Draft extends Pick<ServerEnv, 'uploaded' | 'generatedKey' | 'differing' | 'hasLeftOutHttpPort'> {
  text: string
  /** Values of the text. */
  known: Record<string, string>
  settings: Record<string, string>
}

/**
 * An existing .env is kept except for the settings that are given; a first deploy makes it from this machine's .env or the
 * user's answers, and makes an API key if there is none.
 * @throws UserError CONFIG_INVALID
 */
export function planServerEnv(input: ServerEnvInput): ServerEnv {
  const { server, neededKeys } = input
  const local = input.local === null ? null : readCheckedEnvironment(input.local, '.env')
  const draft = server === null ? firstDraft(input, local) : laterDraft(input, server, local)
  const text = edited(draft, input.defaultDomain)
  const values = readCheckedEnvironment(text, fileName(server))
  const { uploaded, generatedKey, differing, hasLeftOutHttpPort } = draft
  const missingKeys = neededKeys.filter((name) => !values[name])
  const { rebuiltFrom = null, defaultDomain } = input
  return {
    text,
    values,
    uploaded,
    rebuiltFrom,
    generatedKey,
    missingKeys,
    differing,
    defaultDomain,
    hasLeftOutHttpPort,
  }
}

/** In messages. */
function fileName(server: string | null): string {
  return server === null ? '.env' : "the server's .env"
}

function firstDraft({ local: text, answers, overrides }: ServerEnvInput, local: Record<string, string> | null): Draft {
  const { HTTP_PORT: httpPort, ...others } = local ?? {}
  const hasLeftOutHttpPort = Boolean(httpPort) && !others['HTTPS_PORT']
  const known = hasLeftOutHttpPort ? others : (local ?? {})
  const generatedKey = known['API_KEYS'] || answers['API_KEYS'] ? null : generateKey()
  return {
    text: hasLeftOutHttpPort ? withoutHttpPort(text ?? '') : (text ?? ''),
    known,
    settings: { ...answers, ...(generatedKey && { API_KEYS: generatedKey }), ...overrides },
    uploaded: Object.keys(known),
    generatedKey,
    differing: [],
    hasLeftOutHttpPort,
  }
}

function laterDraft({ overrides }: ServerEnvInput, text: string, local: Record<string, string> | null): Draft {
  if (text.includes(NOT_UTF8)) {
    throw configInvalid(
      `${fileName(text)} is not UTF-8 text`,
      'convert it on the server, for example with iconv, then run again',
    )
  }
  const known = readCheckedEnvironment(text, fileName(text))
  const differing = differingNames(local ?? {}, { ...known, ...overrides })
  return { text, known, settings: overrides, uploaded: [], generatedKey: null, differing, hasLeftOutHttpPort: false }
}

/** The text with its settings, and with a domain; not even a last newline is added where nothing is set. */
function edited({ text, known, settings }: Draft, defaultDomain: string | null): string {
  const hasDomain = Boolean(settings['DOMAIN'] ?? known['DOMAIN'])
  const wanted = hasDomain || defaultDomain === null ? settings : { ...settings, DOMAIN: defaultDomain }
  const changes = Object.entries(wanted).filter(([name, value]) => known[name] !== value)
  return changes.length === 0 ? text : editDotenv(text, Object.fromEntries(changes))
}

/** @throws UserError ADDRESS_UNKNOWN if it has no DOMAIN */
export function requireDomain(env: ServerEnv): ServerEnv {
  if (env.values['DOMAIN']) return env
  throw addressUnknown()
}

export function addressUnknown() {
  return deployError(
    'ADDRESS_UNKNOWN',
    'the public address of the server cannot be found from here',
    'name it with --ip ADDRESS, or give a name of your own with --domain NAME',
  )
}

/** Sentences without a full stop. */
export function envWarnings({ differing, missingKeys, hasLeftOutHttpPort, rebuiltFrom }: ServerEnv): string[] {
  const [theirs, them] = missingKeys.length === 1 ? ['that provider', 'it'] : ['those providers', 'them']
  const lines: (string | false)[] = [
    rebuiltFrom !== null &&
      "the server's .env is lost; what only it had is not known any more: comments, NODE_IMAGE and the settings of logdb",
    differing.length > 0 &&
      `your .env differs from the server's in ${differing.join(', ')}; the value on the server is used`,
    missingKeys.length > 0 &&
      `the server's .env has no ${missingKeys.join(' and no ')}: models of ${theirs} answer 503 until you add ${them} and deploy again`,
    hasLeftOutHttpPort &&
      'HTTP_PORT of your .env means the local gateway and is not copied; on a server it is the port of the edge',
  ]
  return lines.filter((line) => line !== false)
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
