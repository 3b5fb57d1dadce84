import type { ObjectStoreSettings } from '../object-store/requests.ts'
import type { Environment } from '../settings/environment.ts'
import { parseSwitch } from '../settings/switch.ts'
import { configInvalid } from '../user-error.ts'

/** Where copies of backups go, and how they are protected there. */
export interface CopySettings {
  target: CopyTarget
  /** Of age; none to copy in clear. */
  recipients: string[]
}

export type CopyTarget = S3Target | SshTarget

export interface S3Target {
  kind: 's3'
  store: ObjectStoreSettings
  /** Without slashes at its ends. */
  prefix: string
}

export interface SshTarget {
  kind: 'ssh'
  user: string
  host: string
  port: number
  /** Of the other machine; relative to the home folder unless it starts with a slash. */
  folder: string
  /** Path of a private key on the server. */
  keyFile: string
  /** Fingerprints of host keys (SHA256:...), separated by commas; one of them must fit. Empty if none is known yet. */
  hostKey: string
}

const SSH_PORT = 22
/** User, host, port and folder. An address of IPv6 is in brackets. */
const URL_ADDRESS = /^ssh:\/\/(?:([^@/]+)@)?([^@/:[\]]+|\[[^\]/]+\])(?::(\d+))?(\/.+)$/
const PLAIN_ADDRESS = /^(?:([^@/:]+)@)?([^@/:[\]]+|\[[^\]/]+\])():((?!\/\/)[^:].*)$/
const RECIPIENT = /^age1[02-9ac-hj-np-z]+$/

/**
 * BACKUP_TO and what belongs to it; undefined where it is not set.
 * @throws UserError CONFIG_INVALID for settings that are not complete: nothing leaves the server in clear by mistake
 */
export async function readCopySettings(environment: Environment): Promise<CopySettings | undefined> {
  const to = environment['BACKUP_TO']
  if (!to) return undefined
  const recipients = (environment['BACKUP_AGE_RECIPIENT'] ?? '').split(/[\s,]+/).filter(Boolean)
  if (recipients.length === 0 && !parseSwitch(environment['BACKUP_PLAINTEXT'] ?? '')) {
    throw configInvalid(
      'BACKUP_TO is set, but not for whom copies of backups are encrypted',
      "set BACKUP_AGE_RECIPIENT in the server's .env to a public key of age-keygen, or BACKUP_PLAINTEXT=true",
    )
  }
  await checkRecipients(recipients)
  return { target: copyTarget(to, environment, 'BACKUP_TO'), recipients }
}

/**
 * A bucket or a folder of another machine, with what gives access to it.
 * @param name of what says so, for messages
 * @throws UserError CONFIG_INVALID
 */
export function copyTarget(to: string, environment: Environment, name: string): CopyTarget {
  return to.startsWith('s3://') ? s3Target(to, environment, name) : sshTarget(to, environment, name)
}

/** For people; it holds no secret. */
export function describeTarget(target: CopyTarget): string {
  if (target.kind === 's3') return `s3://${[target.store.bucket, target.prefix].filter(Boolean).join('/')}`
  const { user, host, port, folder } = target
  return port === SSH_PORT ? `${user}@${host}:${folder}` : `ssh://${user}@${host}:${port}${folder}`
}

async function checkRecipients(recipients: readonly string[]): Promise<void> {
  const { Encrypter } = await import('age-encryption')
  for (const recipient of recipients) {
    try {
      if (!RECIPIENT.test(recipient)) throw new TypeError(recipient)
      new Encrypter().addRecipient(recipient)
    } catch {
      throw configInvalid(
        `BACKUP_AGE_RECIPIENT: ${recipient.slice(0, 5)}... is not a public key of age`,
        'give the line that age-keygen shows as "Public key", and keep the other one away from the server',
      )
    }
  }
}

/** @param to s3://bucket/prefix */
function s3Target(to: string, environment: Environment, name: string): S3Target {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/*$/.exec(to) ?? []
  const names = ['BACKUP_S3_REGION', 'BACKUP_S3_ACCESS_KEY_ID', 'BACKUP_S3_SECRET_ACCESS_KEY'] as const
  const missing = names.filter((name) => !environment[name])
  if (bucket === '') throw notTarget(to, name)
  if (missing.length > 0) throw notComplete(missing, name)
  const [region = '', accessKeyId = '', secretAccessKey = ''] = names.map((name) => environment[name])
  const endpoint = environment['BACKUP_S3_ENDPOINT'] || undefined
  return { kind: 's3', prefix, store: { bucket, region, endpoint, accessKeyId, secretAccessKey } }
}

/** @param to [user@]host:folder or ssh://[user@]host:port/folder */
function sshTarget(to: string, environment: Environment, name: string): SshTarget {
  const url = URL_ADDRESS.exec(to)
  const [, user, host, port, folder] = url ?? PLAIN_ADDRESS.exec(to) ?? []
  if (host === undefined || folder === undefined || to.startsWith('ssh://') !== (url !== null))
    throw notTarget(to, name)
  const keyFile = environment['BACKUP_SSH_KEY']
  if (!keyFile) throw notComplete(['BACKUP_SSH_KEY'], name)
  return {
    kind: 'ssh',
    user: user ?? 'root',
    host: host.replace(/[[\]]/g, ''),
    port: Number(port || SSH_PORT),
    folder: folder.replace(/(?<=.)\/+$/, ''),
    keyFile,
    hostKey: environment['BACKUP_SSH_HOST_KEY'] ?? '',
  }
}

function notTarget(to: string, name: string) {
  return configInvalid(
    `${name}: ${to} is not an address for copies`,
    'give [user@]host:folder, ssh://[user@]host:port/folder or s3://bucket/prefix',
  )
}

function notComplete(missing: readonly string[], name: string) {
  return configInvalid(`${name} needs ${missing.join(', ')} too`, "add what is missing to the server's .env")
}
