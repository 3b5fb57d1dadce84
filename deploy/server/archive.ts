import { deployError } from '../errors.ts'
import { CommandFailed, type Host, run } from '../host/host.ts'
import { LocalHost } from '../host/local-host.ts'
import { listArchive, readMember } from '../remote/backup.ts'
import type { Manifest } from './manifest.ts'

/** What a backup contains; nothing of it is unpacked yet. */
export interface Archive {
  path: string
  /** On this machine; else on the server. */
  isLocal: boolean
  /** Text of .env. */
  env: string
  /** Text of config.yml. */
  config: string
  /** Members that hold certificates. */
  certs: string[]
  /** The release in it; null for a backup of the predecessor, which has none. */
  release: { manifest: Manifest; folder: string } | null
}

/** @throws UserError RESTORE_FAILED for a file that is not a backup, is damaged, or names places outside its folder */
export async function readArchive(host: Host, path: string): Promise<Archive> {
  try {
    const members = parseMembers(await run(host, `read ${path}`, listArchive(path)))
    const prefix = members.includes('./.env') ? './' : ''
    const read = (member: string) => run(host, `read ${member} of ${path}`, readMember(path, prefix + member))
    const manifestName = members.find((member) => /^releases\/[\d-]+\/manifest\.json$/.test(member))
    const folder = manifestName?.replace('/manifest.json', '')
    if (!members.includes(`${prefix}.env`)) throw damaged(path, 'it contains no .env')
    return {
      path,
      isLocal: host instanceof LocalHost,
      env: await read('.env'),
      config: await read(folder ? `${folder}/config.yml` : 'config.yml'),
      certs: members.filter((member) =>
        new RegExp(`^${prefix.replace('.', '\\.')}certs/acme(-staging)?\\.json$`).test(member),
      ),
      release: folder && manifestName ? { manifest: parseManifest(await read(manifestName)), folder } : null,
    }
  } catch (error) {
    if (error instanceof CommandFailed || error instanceof SyntaxError) throw damaged(path, error.message)
    throw error
  }
}

const UNPACKED = /^(\.\/)?(releases|certs)\//

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
