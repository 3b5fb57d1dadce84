import type { ServerSettings } from '../../../templates/server-settings.ts'
import { lastCounter } from '../../server/backup/backup-order.ts'
import { type Facts, liveRelease } from '../../server/facts.ts'
import type { Change } from '../change.ts'
import { releaseId } from '../release.ts'

export interface BackupWishes {
  now: Date
  settings: ServerSettings
  /** Name that the server has without one of its own. */
  defaultDomain: string | null
  includesLogs: boolean
  /** A backup that is not removed for the new one. */
  protects: string | null
}

/** A backup of what is on the server now. */
export function planBackup(facts: Facts, wishes: BackupWishes): Change<'back-up'> {
  const { now, settings, defaultDomain, includesLogs, protects } = wishes
  const live = liveRelease(facts)
  const { domain, uid, gid } = settings
  return {
    kind: 'back-up',
    name: freeName(facts, now),
    release: live?.manifest.id ?? null,
    image: live?.manifest.image ?? null,
    owner: { uid, gid },
    includesLogs,
    counter: lastCounter(facts) + 1,
    domain,
    defaultDomain,
    protects,
  }
}

/** The time of this machine, a second later for each name that is taken. */
function freeName({ backups }: Pick<Facts, 'backups'>, now: Date): string {
  const name = `ai-proxy-backup-${releaseId(now)}.tar.gz`
  if (!backups.some((backup) => backup.name === name)) return name
  return freeName({ backups }, new Date(now.getTime() + 1000))
}
