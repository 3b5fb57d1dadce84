import { join, resolve } from 'node:path'
import { readTextIfPresent } from '../files.ts'
import { packageRoot } from '../package-root.ts'
import type { Environment } from '../settings/environment.ts'
import { configInvalid } from '../user-error.ts'
import { loadCheckedEnvironment } from './checked-environment.ts'
import { type GatewayConfig, parseConfigFile } from './config-file.ts'

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
  const environment = loadCheckedEnvironment(options)
  const candidates = environment['CONFIG_PATH']
    ? [resolve(options.cwd, environment['CONFIG_PATH'])]
    : [join(options.cwd, 'config.yml'), join(packageRoot(), 'config.yml')]
  for (const configPath of candidates) {
    const text = readTextIfPresent(configPath)
    if (text !== undefined) return { environment, config: parseConfigFile(text, configPath), configPath }
  }
  throw configInvalid(`${candidates.at(-1)} does not exist`, 'create it, or correct CONFIG_PATH')
}
