import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { splitList } from '../../kit/list.ts'
import type { Environment } from '../../kit/settings/environment.ts'
import type { Flags } from './options.ts'

const HOSTS_FILE = 'deploy.yml'

/**
 * The flags for each server that is meant: those of --host or DEPLOY_HOST, which may be several with commas between them,
 * else all of deploy.yml. What deploy.yml says of a server counts for it in any case.
 * @returns the flags as they are if no server is named anywhere
 */
export async function flagsByTarget(flags: Flags, environment: Environment, cwd: string): Promise<Flags[]> {
  // Loaded only where there is such a file, so that others start quickly.
  const entries = existsSync(join(cwd, HOSTS_FILE)) ? (await import('./hosts-file.ts')).readHostsFile(cwd) : []
  const given = flags.host ?? environment['DEPLOY_HOST']
  const named = splitList(given)
  const hosts = named.length > 0 ? named : entries.map(({ host }) => host)
  if (hosts.length === 0) return [flags]
  return [...new Set(hosts)].map((host) => {
    const { domain, path, env } = entries.find((entry) => entry.host === host) ?? {}
    return {
      ...flags,
      host,
      ...(domain !== undefined && flags.domain === undefined && { domain }),
      ...(path !== undefined && flags.path === undefined && { path }),
      ...(env && { settings: env }),
    }
  })
}
