import { join } from 'node:path'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { readTextIfPresent } from '../../kit/files.ts'
import { environmentProblems } from '../../kit/gateway-config/checked-environment.ts'
import { variable } from '../../kit/gateway-config/variables.ts'
import { configInvalid, errorMessage } from '../../kit/user-error.ts'

/** A server of deploy.yml. */
export interface HostEntry {
  host: string
  domain?: string | undefined
  path?: string | undefined
  /** Variables of its .env. */
  env: Record<string, string>
}

const FILE = 'deploy.yml'
const HINT = `correct ${FILE}; docs/cli.md shows what may be in it`

const SETTINGS = {
  type: ['object', 'null'],
  properties: {
    domain: { type: 'string' },
    path: { type: 'string' },
    env: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
  },
  additionalProperties: false,
}

const SCHEMA = {
  type: 'object',
  properties: { hosts: { type: 'object', additionalProperties: SETTINGS } },
  required: ['hosts'],
  additionalProperties: false,
}

interface HostsFile {
  hosts: Record<string, { domain?: string; path?: string; env?: Record<string, string | number | boolean> } | null>
}

const matchesSchema = new Ajv({ allErrors: true, allowUnionTypes: true }).compile<HostsFile>(SCHEMA)

/** The servers of ./deploy.yml, in its order; none without that file. @throws UserError CONFIG_INVALID */
export function readHostsFile(cwd: string): HostEntry[] {
  const text = readTextIfPresent(join(cwd, FILE))
  if (text === undefined) return []
  const value = read(text)
  if (!matchesSchema(value)) {
    const problems = (matchesSchema.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${FILE}: ${instancePath.slice(1).replaceAll('/', '.') || 'top level'} ${message}${'additionalProperty' in params ? `: ${params['additionalProperty']}` : ''}`,
    )
    throw configInvalid(problems.join('\n'), HINT)
  }
  return Object.entries(value.hosts).map(([host, settings]) => {
    const { domain, path, env = {} } = settings ?? {}
    const values = Object.fromEntries(Object.entries(env).map(([name, one]) => [name, String(one)]))
    checkEnv(host, values)
    return { host, domain, path, env: values }
  })
}

function read(text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw configInvalid(`${FILE}: ${errorMessage(error).split('\n')[0]}`, HINT)
  }
}

/** The file is made to be shared, so it holds no secrets. */
function checkEnv(host: string, values: Record<string, string>): void {
  const secret = Object.keys(values).find((name) => variable(name)?.secret)
  if (secret !== undefined) {
    const hint = `set it on the server: ai-deploy env set ${secret} --host ${host}`
    throw configInvalid(`${FILE}: hosts.${host}.env has ${secret}, which is a secret`, hint)
  }
  const unknown = Object.keys(values).filter((name) => variable(name) === undefined)
  const problems = [
    ...unknown.map((name) => `${name} is not a variable that anything here reads`),
    ...environmentProblems(values),
  ]
  if (problems.length > 0) {
    throw configInvalid(problems.map((problem) => `${FILE}: hosts.${host}.env: ${problem}`).join('\n'), HINT)
  }
}
