import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { parseDuration } from '../../kit/settings/duration.ts'
import type { Environment } from '../../kit/settings/environment.ts'
import { deployError } from '../errors.ts'

/** What the user asked for, from flags and environment. */
export interface Options {
  host: string
  /** Folder on the server; null for the default. */
  path: string | null
  sshConfig?: string | undefined
  identity?: string | undefined
  hostKey?: string | undefined
  /** Program that connects, instead of the library. */
  sshCommand?: string | undefined
  agentSocket?: string | undefined
  domain: string | null
  /** Service that resolves a name made of the address; `ngrok` and `custom` take `domain`. Null if it is not given. */
  service: DomainService | null
  /** First part of such a name; null for the default. */
  name: string | null
  /** Null if it is not given. */
  isStaging: boolean | null
  email: string | null
  /** Files of the owner's certificate and key; null goes back to one of the CA, undefined leaves it as it is. */
  certificate: { cert: string; key: string } | null | undefined
  /** What may be stopped while a certificate is issued on port 80, as in `docker:web` and `systemd:nginx`. */
  freePorts: readonly string[]
  /** Names that the gateway had before do not answer any more. */
  dropsOldDomains: boolean
  /** The image of a release of the files here is built on this machine. */
  isBuiltHere: boolean
  /** Prebuilt image of the gateway. */
  image?: string | undefined
  ip: string | null
  /** Name -> address, instead of DNS. */
  resolve: Readonly<Record<string, string>>
  caFile: string | null
  /** File with keys of age, for encrypted backups. */
  ageIdentity: string | null
  acmeCaServer: string | null
  acmeCaCert: string | null
  /** Variables that deploy.yml sets for this server. */
  settings: Readonly<Record<string, string>>
  /** Do not ask before the server is changed. */
  isConfirmed: boolean
  isDryRun: boolean
  /** Watch what a rollback leads to. */
  isWatching: boolean
  /** Take the server over from the Python gateway. */
  isAdopting: boolean
  /** Change the server without a backup. */
  skipsBackup: boolean
  isJson: boolean
  /** How long another run that changes the server is waited for. */
  lockWaitMs: number
  /** ./.env of this machine is used. */
  readsDotenv: boolean
  cwd: string
  /** Of this process, with ./.env under it. */
  env: Environment
}

const DOMAIN_SERVICES = ['nip.io', 'sslip.io', 'ngrok', 'custom'] as const
type DomainService = (typeof DOMAIN_SERVICES)[number]

/** Of the command line, as commander names them. */
export interface Flags {
  host?: string
  path?: string
  sshConfig?: string
  identity?: string
  hostKey?: string
  sshCommand?: string
  domain?: string
  email?: string
  /** False for `--no-cert`. */
  cert?: string | false
  key?: string
  freePorts?: string
  dropOld?: boolean
  service?: string
  name?: string
  staging?: boolean
  image?: string
  build?: string
  ip?: string
  resolve?: string[]
  caFile?: string
  ageIdentity?: string
  yes?: boolean
  dryRun?: boolean
  json?: boolean
  lockWait?: string
  message?: string
  /** Of deploy.yml, for this server. */
  settings?: Readonly<Record<string, string>>
  /** Of single verbs. */
  follow?: boolean
  since?: string
  lines?: string
  stdin?: boolean
  from?: string
  to?: string
  port?: string
  open?: boolean
  keep?: string
  data?: boolean
  withRestore?: boolean
  dotenv: boolean
  backup?: boolean
  adopt?: boolean
  /** True without a release. */
  rollback?: boolean | string
  watch?: boolean
  listBackups?: boolean
  restoreBackup?: string
  includeCerts?: boolean
  includeLogs?: boolean
  keepDomain?: boolean
}

/**
 * @param processEnv the environment of this process
 * @param environment the same with ./.env under it
 * @throws UserError USAGE
 */
export function readOptions(flags: Flags, processEnv: Environment, environment: Environment, cwd: string): Options {
  const host = readHost(flags.host ?? environment['DEPLOY_HOST'])
  const path = readPath(flags.path ?? environment['DEPLOY_PATH'])
  checkFlags(flags)
  checkWatch(flags)
  return {
    host,
    path,
    sshConfig: flags.sshConfig,
    identity: flags.identity,
    hostKey: flags.hostKey,
    sshCommand: flags.sshCommand,
    agentSocket: processEnv['SSH_AUTH_SOCK'],
    ...readAddress(flags),
    isBuiltHere: readBuild(flags.build) === 'local',
    image: flags.image,
    ip: flags.ip ?? null,
    resolve: Object.fromEntries((flags.resolve ?? []).map(readResolve)),
    caFile: flags.caFile ?? null,
    ageIdentity: flags.ageIdentity ?? null,
    acmeCaServer: processEnv['ACME_CA_SERVER'] || null,
    acmeCaCert: processEnv['ACME_CA_CERT'] || null,
    settings: flags.settings ?? {},
    isConfirmed: flags.yes ?? false,
    isDryRun: flags.dryRun ?? false,
    isWatching: flags.watch ?? false,
    isAdopting: flags.adopt ?? false,
    skipsBackup: flags.backup === false,
    isJson: flags.json ?? false,
    lockWaitMs: readLockWait(flags.lockWait),
    readsDotenv: flags.dotenv,
    cwd,
    env: environment,
  }
}

/** Settings given by flags or environment, which the server's .env keeps. */
export function settingsGiven(options: Options): Record<string, string> {
  const { domain, email, image, acmeCaServer, isStaging, settings } = options
  return {
    ...settings,
    ...(domain !== null && { DOMAIN: domain }),
    ...(email !== null && { ACME_EMAIL: email }),
    ...(image !== undefined && { GATEWAY_IMAGE: image }),
    ...(isStaging !== null && { ACME_STAGING: String(isStaging) }),
    ...(acmeCaServer !== null && { ACME_CA_SERVER: acmeCaServer }),
  }
}

function readHost(host: string | undefined): string {
  if (!host) throw usage('which server?', 'name it: ai-deploy --host user@server (or set DEPLOY_HOST)')
  if (!host.startsWith('-')) return host
  throw usage(`${JSON.stringify(host)} is not a host name`, 'name it: ai-deploy --host user@server')
}

function readPath(text: string | undefined): string | null {
  const path = text?.replace(/(?<=.)\/+$/, '')
  if (!path) return null
  if (/^\/[\w./-]*\w$/.test(path)) return path
  throw usage(`--path ${path} is not an absolute path of plain characters`, 'give one like /root/ai-proxy')
}

/** What a value must be; `problem` and `hint` are shown for one that is not. */
interface Rule {
  flag: 'ip' | 'domain' | 'name' | 'email' | 'identity'
  isValid(value: string): boolean
  problem: string
  hint: string
}

const RULES: Rule[] = [
  {
    flag: 'ip',
    isValid: (value) => isIP(value) !== 0,
    problem: 'is not an IP address',
    hint: 'give the public address of the server',
  },
  {
    flag: 'domain',
    isValid: (value) => /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(value),
    problem: 'is not a host name',
    hint: 'give a name like llm.example.com',
  },
  {
    flag: 'name',
    isValid: (value) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(value),
    problem: 'is not one part of a host name',
    hint: 'give one like my-gateway',
  },
  {
    flag: 'email',
    isValid: (value) => /^[^\s'"`@]+@[^\s'"`@]+$/.test(value),
    problem: 'is not an e-mail address',
    hint: 'give one like me@example.com',
  },
  { flag: 'identity', isValid: existsSync, problem: 'does not exist', hint: 'give the path of a private key' },
]

function checkFlags(flags: Flags): void {
  for (const { flag, isValid, problem, hint } of RULES) {
    const value = flags[flag]
    if (value !== undefined && !isValid(value)) throw usage(`--${flag} ${value} ${problem}`, hint)
  }
  const ofRestore = {
    '--include-certs': flags.includeCerts,
    '--include-logs': flags.includeLogs,
    '--keep-domain': flags.keepDomain,
  }
  const lonely = Object.entries(ofRestore).find(([, isGiven]) => isGiven)
  if (lonely && flags.restoreBackup === undefined) {
    throw usage(`${lonely[0]} works only with --restore-backup`, 'name the backup: --restore-backup FILE')
  }
}

/** The letters of the predecessor's setup-https.sh. */
function readService({ service: text, domain, name }: Flags): DomainService | null {
  const service = text === undefined ? null : (DOMAIN_SERVICES.find((one) => one === text) ?? null)
  if (text !== undefined && service === null) {
    throw usage(`--service ${text} is not a service`, `give one of ${DOMAIN_SERVICES.join(', ')}`)
  }
  const isOwnName = service === 'custom' || service === 'ngrok'
  if (isOwnName && domain === undefined) throw usage(`--service ${service} needs a name`, 'give it with --domain NAME')
  if (isOwnName && name !== undefined)
    throw usage(`--name does not work with --service ${service}`, 'give --domain only')
  if (domain !== undefined && (name !== undefined || (service !== null && !isOwnName))) {
    throw usage('--domain already names the server', 'leave --service and --name out, or leave --domain out')
  }
  return service
}

type AddressOptions = 'domain' | 'service' | 'name' | 'isStaging' | 'email' | 'certificate' | 'freePorts'

/** The name of the server and its certificate. */
function readAddress(flags: Flags): Pick<Options, AddressOptions | 'dropsOldDomains'> {
  return {
    domain: flags.domain?.toLowerCase() ?? null,
    service: readService(flags),
    name: flags.name?.toLowerCase() ?? null,
    isStaging: flags.staging ?? null,
    email: flags.email ?? null,
    certificate: readCertificate(flags),
    freePorts: readFreePorts(flags.freePorts),
    dropsOldDomains: flags.dropOld ?? false,
  }
}

const BUILDERS = ['server', 'local'] as const

function readBuild(text = 'server'): (typeof BUILDERS)[number] {
  const found = BUILDERS.find((one) => one === text)
  if (found !== undefined) return found
  throw usage(`--build ${text} is not a place`, 'give server (the default) or local, which is this machine')
}

function readFreePorts(text: string | undefined): string[] {
  const programs = text === undefined ? [] : text.split(',')
  const wrong = programs.find((one) => !/^(docker|systemd):[\w@][\w@.-]*$/.test(one))
  if (wrong === undefined) return programs
  throw usage(
    `--free-ports ${wrong} is not a program`,
    'name containers and services: --free-ports docker:web,systemd:nginx',
  )
}

/** Both files or neither. */
function readCertificate({ cert, key }: Flags): Options['certificate'] {
  if (cert === false && key !== undefined) throw usage('--key works only with --cert', 'leave one of them out')
  if (cert === false) return null
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) {
    const hint = 'give both: --cert FILE --key FILE'
    throw usage(`${cert === undefined ? '--key' : '--cert'} needs its other half`, hint)
  }
  for (const file of [cert, key]) {
    if (!existsSync(file)) throw usage(`${file} does not exist`, 'give the paths of a certificate and its key, in PEM')
  }
  return { cert, key }
}

function readLockWait(text: string | undefined): number {
  const waitMs = text === undefined ? 0 : parseDuration(text)
  if (waitMs !== undefined) return waitMs
  throw usage(`--lock-wait ${text} is not a duration`, 'give one like 90s or 5m')
}

function checkWatch({ watch, rollback }: Flags): void {
  if (!watch || rollback) return
  throw usage('--watch works only with --rollback', 'deploys are watched without it; see WATCH_S')
}

function readResolve(text: string): [string, string] {
  const [, name, address = ''] = /^([^:]+):(.*)$/.exec(text) ?? []
  if (name !== undefined && isIP(address)) return [name, address]
  throw usage(`--resolve ${text} is not NAME:ADDRESS`, 'give it like llm.example.com:203.0.113.7')
}

function usage(message: string, hint: string) {
  return deployError('USAGE', message, hint)
}
