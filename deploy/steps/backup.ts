import { errorMessage } from '../../kit/user-error.ts'
import type { ServerSettings } from '../../templates/server-settings.ts'
import { deployError } from '../errors.ts'
import { run } from '../host/host.ts'
import { liveManifest } from '../plan/make-plan.ts'
import { releaseId } from '../plan/release.ts'
import { makeBackup } from '../remote/backup.ts'
import type { Server } from './server.ts'

const BACKUPS_KEPT = 5

/**
 * Backs up what answers now.
 * @param protect name of a backup that must not be removed for the new one; empty for none
 * @throws UserError BACKUP_FAILED
 */
export async function backUp(
  { host, layout, facts, now }: Server,
  { uid, gid }: ServerSettings,
  protect = '',
): Promise<string> {
  const live = liveManifest(facts)
  if (live === null) return 'Nothing to back up yet'
  const name = `ai-proxy-backup-${releaseId(now)}.tar.gz`
  const command = makeBackup({
    folder: layout.folder,
    name,
    release: live.id,
    image: live.image,
    owner: `${uid}:${gid}`,
    keep: BACKUPS_KEPT,
    protect,
  })
  try {
    const size = await run(host, 'write the backup', command)
    return `Wrote backups/${name} (${Math.ceil(Number(size.trim()) / 1024)} KiB)`
  } catch (error) {
    throw deployError(
      'BACKUP_FAILED',
      errorMessage(error),
      'nothing was changed; remove the cause (often a full disk), then run again',
      error,
    )
  }
}
