import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readText, readTextIfPresent } from '../../kit/files.ts'
import { type GatewayConfig, parseConfigFile } from '../../kit/gateway-config/config-file.ts'
import { packageRoot } from '../../kit/package-root.ts'
import { type ReleaseFile, readBuildContext } from './build-context.ts'

/** What comes with this version of the tool. */
export interface PackagedFiles {
  /** Text of traefik/traefik.yml. */
  traefikBase: string
  /** Text of the server's scripts/logdb. */
  logdbScript: string
  /** Text of the server's scripts/logdb-routine. */
  routineScript: string
}

/** What this machine contributes to a deploy. */
export interface LocalFiles extends PackagedFiles {
  /** Text of ./.env; null if there is none. */
  env: string | null
  /** Text of config.yml. */
  config: string
  /** It is the one that comes with this version of the tool, since there is none here. */
  isConfigPackaged: boolean
  /** The same, read. */
  gatewayConfig: GatewayConfig
  /** Files that the gateway's image is built from. */
  buildContext: ReleaseFile[]
}

/** @throws UserError CONFIG_INVALID */
export function readLocalFiles(cwd: string, configPath: string | undefined): LocalFiles {
  const own = configPath ? resolve(cwd, configPath) : join(cwd, 'config.yml')
  const isConfigPackaged = !configPath && !existsSync(own)
  const path = isConfigPackaged ? join(packageRoot(), 'config.yml') : own
  const config = readText(path)
  return {
    env: readTextIfPresent(join(cwd, '.env')) ?? null,
    config,
    isConfigPackaged,
    gatewayConfig: parseConfigFile(config, path),
    buildContext: readBuildContext(),
    ...readPackagedFiles(),
  }
}

export function readPackagedFiles(): PackagedFiles {
  return {
    traefikBase: readText(join(packageRoot(), 'traefik', 'traefik.yml')),
    logdbScript: readText(join(packageRoot(), 'templates', 'server-logdb.sh')),
    routineScript: readText(join(packageRoot(), 'templates', 'server-routine.sh')),
  }
}
