import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import type { Environment } from '../../kit/settings/environment.ts'
import { deployError } from '../errors.ts'
import { splitOnce } from '../server/pairs.ts'

/** What the user asked for, from flags and environment. */
export interface Options {
  host: string
  /** Folder on the server; null for the default. */
  path: string | null
  sshConfig?: string | undefined
  identity?: string | undefined
  hostKey?: string | undefined
  agentSocket?: string | undefined
  domain: string | null
  email: string | null
  ip: string | null
  resolve: ReadonlyMap<string, string>
  caFile: string | null
  acmeCaServer: string | null
  acmeCaCert: string | null
  yes: boolean
  dryRun: boolean
  json: boolean
  dotenv: boolean
  cwd: string
  /** Of this process, with ./.env under it. */
  env: Environment
}

/** As commander hands them over. */
export interface Flags {
  host?: string
  path?: string
  sshConfig?: string
  identity?: string
  hostKey?: string
  domain?: string
  email?: string
  ip?: string
  resolve?: string[]
  caFile?: string
  yes?: boolean
  dryRun?: boolean
  json?: boolean
  dotenv: boolean
  restoreBackup?: string
  includeCerts?: boolean
}

/**
 * @param processEnv the environment of this process
 * @param environment the same with ./.env under it
 * @throws UserError USAGE
 */
export function readOptions(flags: Flags, processEnv: Environment, environment: Environment, cwd: string): Options {
  const host = flags.host ?? environment['DEPLOY_HOST']
  if (!host) throw usage('which server?', 'name it: ai-deploy --host user@server (or set DEPLOY_HOST)')
  if (host.startsWith('-')) throw usage(`${JSON.stringify(host)} is no host`, 'name it: ai-deploy --host user@server')
  const path = (flags.path ?? environment['DEPLOY_PATH'])?.replace(/(?<=.)\/+$/, '') || null
  if (path !== null && !/^\/[\w./-]*\w$/.test(path)) {
    throw usage(`--path ${path} is not an absolute path of plain characters`, 'give one like /root/ai-proxy')
  }
  if (flags.ip !== undefined && !isIP(flags.ip))
    throw usage(`--ip ${flags.ip} is no IP address`, 'give the public address of the server')
  if (flags.domain !== undefined && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(flags.domain)) {
    throw usage(`--domain ${flags.domain} is no host name`, 'give a name like llm.example.com')
  }
  if (flags.email !== undefined && !/^[^\s'"`@]+@[^\s'"`@]+$/.test(flags.email)) {
    throw usage(`--email ${flags.email} is no e-mail address`, 'give one like me@example.com')
  }
  if (flags.identity !== undefined && !existsSync(flags.identity)) {
    throw usage(`--identity ${flags.identity} does not exist`, 'give the path of a private key')
  }
  if (flags.includeCerts && flags.restoreBackup === undefined) {
    throw usage('--include-certs goes with --restore-backup', 'name the backup: --restore-backup FILE')
  }
  return {
    host,
    path,
    sshConfig: flags.sshConfig,
    identity: flags.identity,
    hostKey: flags.hostKey,
    agentSocket: processEnv['SSH_AUTH_SOCK'],
    domain: flags.domain?.toLowerCase() ?? null,
    email: flags.email ?? null,
    ip: flags.ip ?? null,
    resolve: new Map((flags.resolve ?? []).map(readResolve)),
    caFile: flags.caFile ?? null,
    acmeCaServer: processEnv['ACME_CA_SERVER'] || null,
    acmeCaCert: processEnv['ACME_CA_CERT'] || null,
    yes: flags.yes ?? false,
    dryRun: flags.dryRun ?? false,
    json: flags.json ?? false,
    dotenv: flags.dotenv,
    cwd,
    env: environment,
  }
}

function readResolve(text: string): [string, string] {
  const [name, address] = splitOnce(text, ':')
  if (!name || !isIP(address))
    throw usage(`--resolve ${text} is not NAME:ADDRESS`, 'give it like llm.example.com:203.0.113.7')
  return [name, address]
}

function usage(message: string, hint: string) {
  return deployError('USAGE', message, hint)
}
