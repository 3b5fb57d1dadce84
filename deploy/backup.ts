import { deployError } from './errors.ts'
import type { Facts } from './facts.ts'
import { type Host, run } from './host/host.ts'
import type { ServerLayout } from './layout.ts'
import { liveManifest } from './plan.ts'
import { releaseId } from './release.ts'
import { makeBackup } from './remote/backup.ts'

const BACKUPS_KEPT = 5

export interface BackupRequest {
  host: Host
  layout: ServerLayout
  facts: Facts
  uid: number
  gid: number
  now: Date
  /** Name of a backup that must not be removed for the new one. */
  protect?: string
}

/** Backs up what answers now. @throws UserError BACKUP_FAILED */
export async function backUp({ host, layout, facts, uid, gid, now, protect = '' }: BackupRequest): Promise<string> {
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
      error instanceof Error ? error.message : String(error),
      'nothing was changed; remove the cause (often a full disk), then run again',
      error,
    )
  }
}
