import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { packageRoot } from '../package-root.ts'
import { configInvalid, errorMessage, hasErrorCode } from '../user-error.ts'
import { type GatewayConfig, parseConfigFile } from './config-file.ts'
import { decodeEnvironment, type Environment, environmentProblems, readEnvironment } from './environment.ts'

export interface LoadOptions {
  cwd: string
  env: Environment
  /** False leaves ./.env alone. */
  dotenv: boolean
}

/** Where configuration comes from: what was found, before the gateway makes settings of it. */
export interface LoadedConfig {
  environment: Environment
  config: GatewayConfig
  /** Absolute path of the config.yml in use. */
  configPath: string
}

/**
 * Reads ./.env, which the real environment beats, and CONFIG_PATH, ./config.yml or the packaged one.
 * @throws UserError CONFIG_INVALID
 */
export function loadGatewayConfig(options: LoadOptions): LoadedConfig {
  const environment = loadEnvironment(options)
  const candidates = environment['CONFIG_PATH']
    ? [resolve(options.cwd, environment['CONFIG_PATH'])]
    : [join(options.cwd, 'config.yml'), join(packageRoot(), 'config.yml')]
  for (const configPath of candidates) {
    const text = readIfPresent(configPath)
    if (text !== undefined) return { environment, config: parseConfigFile(text, configPath), configPath }
  }
  throw configInvalid(`${candidates.at(-1)} does not exist`, 'create it, or correct CONFIG_PATH')
}

/**
 * ./.env under the real environment; an empty text in the real environment does not hide the file's value.
 * @throws UserError CONFIG_INVALID
 */
export function loadEnvironment({ cwd, env, dotenv }: LoadOptions): Environment {
  const text = dotenv ? readIfPresent(join(cwd, '.env')) : undefined
  const fromFile = text === undefined ? {} : readEnvironment(text, '.env')
  const fromProcess = decodeEnvironment(env)
  const problems = environmentProblems(fromProcess)
  if (problems.length > 0) throw configInvalid(problems.join('\n'), 'correct the environment of this process')
  const set = Object.entries(fromProcess).filter(([, value]) => value !== undefined && value !== '')
  return { ...fromFile, ...Object.fromEntries(set) }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return undefined
    throw configInvalid(`cannot read ${path}: ${errorMessage(error)}`, 'check that it is a readable file')
  }
}
