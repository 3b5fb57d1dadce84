import { createReadStream } from 'node:fs'
import { deployError } from '../../errors.ts'
import { type Host, run } from '../../host/host.ts'
import type { Change } from '../../plan/change.ts'
import * as backup from '../../remote/backup/backup.ts'
import * as files from '../../remote/files.ts'
import { CONTEXT_FOLDER } from '../../server/manifest.ts'
import type { Definition } from '../definition.ts'

type UnpackBackup = Change<'unpack-backup'>

export const unpackBackup: Definition<'unpack-backup'> = {
  describe: () => [],
  explain: ({ hashes }) => [
    hashes === undefined
      ? 'unpack the backup'
      : `unpack the backup, and compare ${Object.keys(hashes).length} files with its manifest`,
  ],
  title: 'Unpack the backup',
  async run(change, { host, layout }) {
    await run(host, 'remove what an earlier restore has left', backup.removeLeftovers(layout.folder))
    const path = await archiveOnServer(host, change)
    await run(host, 'unpack the backup', backup.unpackMembers(path, change.staging, change.members))
    await verify(host, change)
    return 'Unpacked and verified'
  },
  undo: ({ staging }, { host }) => ({
    what: 'remove the unpacked backup',
    action: () => removeUnpacked(host, staging),
  }),
}

/** What unpacking leaves on the server. */
export async function removeUnpacked(host: Host, staging: string): Promise<void> {
  for (const path of [staging, sentArchive(staging)]) {
    await run(host, `remove ${path}`, files.removeTree(path))
  }
}

function sentArchive(staging: string): string {
  return `${staging}.tar.gz`
}

async function archiveOnServer(host: Host, { archive, staging }: UnpackBackup): Promise<string> {
  if (!archive.isLocal) return archive.path
  const path = sentArchive(staging)
  await run(host, 'send the backup', files.receiveFile(path), { stdin: createReadStream(archive.path) })
  return path
}

async function verify(host: Host, { staging, context, hashes }: UnpackBackup): Promise<void> {
  if (context !== null) await verifySums(host, `${staging}/${context.folder}/${CONTEXT_FOLDER}`, context.hashes)
  if (hashes !== undefined) await verifySums(host, staging, hashes)
}

async function verifySums(host: Host, folder: string, hashes: Record<string, string>): Promise<void> {
  const sums = Object.entries(hashes).map(([path, hash]) => `${hash}  ${path}\n`)
  if (sums.length === 0) return
  const command = backup.verifySums(folder)
  const { exitCode, stdout } = await host.exec(command, { stdin: sums.join('') })
  if (exitCode === 0) return
  throw deployError('RESTORE_FAILED', `the backup is damaged: ${stdout.trim()}`, 'choose another one of --list-backups')
}
