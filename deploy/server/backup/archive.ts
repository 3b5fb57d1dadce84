import { sha256 } from '../../../kit/sha256.ts'
import { deployError } from '../../errors.ts'
import { CommandFailed, type Host, run } from '../../host/host.ts'
import { LocalHost } from '../../host/local-host.ts'
import { listArchive, readMember } from '../../remote/backup/backup.ts'
import type { Manifest } from '../manifest.ts'
import { READY_FILE } from '../state.ts'
import { BACKUP_MANIFEST, type BackupManifest, parseBackupManifest } from './backup-manifest.ts'
import { rebuiltEnv } from './rebuilt-env.ts'

/** What a backup contains; nothing of it is unpacked yet. */
export interface Archive {
  path: string
  /** On this machine; else on the server. */
  isLocal: boolean
  /** Null for an archive that has none: older, or of the predecessor. */
  manifest: BackupManifest | null
  /** Text of .env. */
  env: string
  /** The backup has no .env, since the server had lost it: it is put together from what was made of it. */
  isEnvRebuilt: boolean
  /** Text of config.yml; null if it has none. */
  config: string | null
  /** PEM that the edge trusted for the ACME directory. */
  acmeCa: string | null
  /** Members that hold certificates. */
  certs: string[]
  /** It has log databases. */
  hasLogs: boolean
  /** The release in it; null for a backup of the predecessor, which has none. */
  release: { manifest: Manifest; folder: string } | null
}

type Read = (member: string) => Promise<string>

const ACME_CA = 'edge/acme-ca.pem'

/** @throws UserError RESTORE_FAILED for a file that is not a backup, is damaged, or names places outside its folder */
export async function readArchive(host: Host, path: string): Promise<Archive> {
  try {
    const members = parseMembers(await run(host, `read ${path}`, listArchive(path)))
    const prefix = members.includes('./.env') ? './' : ''
    const readAny: Read = (member) => run(host, `read ${member} of ${path}`, readMember(path, prefix + member))
    const manifest = await readManifest(members, readAny)
    const read: Read = async (member) => checked(manifest, member, await readAny(member))
    const release = await readRelease(members, read)
    const hasEnv = members.includes(`${prefix}.env`)
    if (!hasEnv && release === null) throw new SyntaxError('it contains no .env')
    const config = release ? `${release.folder}/config.yml` : 'config.yml'
    return {
      path,
      isLocal: host instanceof LocalHost,
      manifest,
      env: hasEnv || release === null ? await read('.env') : await readMadeOfEnv(release.folder, members, read),
      isEnvRebuilt: !hasEnv,
      config: members.includes(release ? config : prefix + config) ? await read(config) : null,
      acmeCa: members.includes(ACME_CA) ? await read(ACME_CA) : null,
      certs: members.filter((member) =>
        new RegExp(`^${prefix.replace('.', '\\.')}certs/(acme(-staging)?\\.json|own-[0-9a-f]+\\.pem)$`).test(member),
      ),
      hasLogs: members.some((member) => /^logs\/db\/.*\.sqlite3$/.test(member)),
      release,
    }
  } catch (error) {
    if (error instanceof CommandFailed || error instanceof SyntaxError) throw damaged(path, error.message)
    throw error
  }
}

async function readMadeOfEnv(release: string, members: string[], read: Read): Promise<string> {
  const readIfThere = async (member: string) => (members.includes(member) ? read(member) : null)
  return rebuiltEnv({
    gatewayEnv: await readIfThere(`${release}/gateway.env`),
    route: await readIfThere('edge/dynamic/app.yml'),
    releaseCompose: await readIfThere(`${release}/compose.yml`),
  })
}

/** An archive of ours holds the files of its manifest, and no others. */
async function readManifest(members: string[], read: Read): Promise<BackupManifest | null> {
  if (!members.includes(BACKUP_MANIFEST)) return null
  const manifest = parseBackupManifest(await read(BACKUP_MANIFEST))
  if (manifest === undefined) throw new SyntaxError(`its ${BACKUP_MANIFEST} is not a manifest`)
  const known = new Set([BACKUP_MANIFEST, ...Object.keys(manifest.files)])
  refuseUnknown(members, known)
  const missing = [...known].find((path) => !members.includes(path))
  if (missing !== undefined) throw new SyntaxError(`${missing} is missing`)
  return manifest
}

/**
 * A release holds the files of its own manifest, and the mark that it was ready: others would get into the image, under the
 * tag of the clean sources.
 */
async function readRelease(members: string[], read: Read): Promise<Archive['release']> {
  const name = members.find((member) => /^releases\/[\d-]+\/manifest\.json$/.test(member))
  if (name === undefined) return null
  const folder = name.replace('/manifest.json', '')
  const manifest = parseManifest(await read(name))
  const files = [READY_FILE, ...Object.keys(manifest.files)]
  const known = new Set([name, ...files.map((path) => `${folder}/${path}`)])
  refuseUnknown(
    members.filter((member) => member.startsWith('releases/')),
    known,
  )
  return { manifest, folder }
}

function refuseUnknown(members: readonly string[], known: ReadonlySet<string>): void {
  const unknown = members.find((member) => !known.has(member))
  if (unknown !== undefined) throw new SyntaxError(`it contains a file that its manifest does not know: ${unknown}`)
}

function checked(manifest: BackupManifest | null, member: string, text: string): string {
  if (manifest === null || manifest.files[member] === sha256(text)) return text
  throw new SyntaxError(`${member} is not what its manifest says`)
}

const UNPACKED = /^(\.\/)?(releases|certs|logs)\//

/** Lines of `listArchive`: paths must stay inside, and what is unpacked must be plain files and folders. */
function parseMembers(listing: string): string[] {
  return listing.split('\n').flatMap((line) => {
    if (line === '') return []
    const [type, path] = [line[0], line.slice(2)]
    if (type !== '-' && type !== 'd') {
      if (UNPACKED.test(path)) throw new SyntaxError(`it contains a link: ${path}`)
      return []
    }
    const isInside = !path.startsWith('/') && !path.split('/').includes('..')
    if (!isInside) throw new SyntaxError(`it names a place outside: ${path}`)
    return type === '-' ? [path] : []
  })
}

function parseManifest(text: string): Manifest {
  const manifest: Partial<Manifest> = JSON.parse(text)
  if (typeof manifest.id === 'string' && typeof manifest.image === 'string' && typeof manifest.files === 'object') {
    return manifest as Manifest
  }
  throw new SyntaxError('its manifest.json is not a manifest')
}

function damaged(path: string, why: string) {
  return deployError(
    'RESTORE_FAILED',
    `${path} cannot be restored: ${why}`,
    'nothing was changed; choose another one of --list-backups',
  )
}
