import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseConfigFile } from '../kit/gateway-config/config-file.ts'
import { packageRoot } from '../kit/package-root.ts'
import { configInvalid, errorMessage } from '../kit/user-error.ts'
import { type ReleaseFile, readBuildContext } from './build-context.ts'

/** What comes with this version of the tool. */
export interface PackagedFiles {
  traefikBase: string
  logdbScript: string
}

/** What this machine contributes to a deploy. */
export interface LocalFiles extends PackagedFiles {
  /** Text of ./.env; null if there is none. */
  env: string | null
  /** Text of config.yml, known to be valid. */
  config: string
  context: ReleaseFile[]
}

/** @throws UserError CONFIG_INVALID */
export function readLocalFiles(cwd: string, configPath: string | undefined): LocalFiles {
  const own = configPath ? resolve(cwd, configPath) : join(cwd, 'config.yml')
  const path = configPath || existsSync(own) ? own : join(packageRoot(), 'config.yml')
  const config = readText(path)
  parseConfigFile(config, path)
  const envPath = join(cwd, '.env')
  return {
    env: existsSync(envPath) ? readText(envPath) : null,
    config,
    context: readBuildContext(),
    ...readPackagedFiles(),
  }
}

export function readPackagedFiles(): PackagedFiles {
  return {
    traefikBase: readText(join(packageRoot(), 'traefik', 'traefik.yml')),
    logdbScript: readText(join(packageRoot(), 'templates', 'server-logdb.sh')),
  }
}

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw configInvalid(`cannot read ${path}: ${errorMessage(error)}`, 'check the path')
  }
}
