import { MS_PER_DAY } from '../../../kit/time.ts'
import type { ServerSettings } from '../../../templates/server-settings.ts'
import { WITHOUT_IMAGE } from '../../server/backup/backup-manifest.ts'
import { newestFirst } from '../../server/backup/backup-order.ts'
import type { BackupFact } from '../../server/facts.ts'

const BACKUPS_KEPT = 5

/**
 * Names of the backups to remove when one is added. Archives without our manifest stay: they are somebody else's. The
 * newest consistent backup stays too, and the one that is being restored. Of backups with the same content, such as those of
 * attempts that failed, only the newest is kept, except for one that has logs which the newer one lacks.
 */
export function backupsToRemove(present: readonly BackupFact[], added: BackupFact, protects: string | null): string[] {
  const ours = newestFirst([...present.filter(({ name }) => name !== added.name), added]).filter(
    ({ summary }) => summary !== null,
  )
  const isReplaced = ({ summary: old }: BackupFact, newer: BackupFact[]) =>
    newer.some(
      ({ summary }) =>
        summary?.content === old?.content &&
        (summary?.hasLogs || !old?.hasLogs) &&
        (summary?.consistent || !old?.consistent),
    )
  const different = ours.filter((backup, index) => !isReplaced(backup, ours.slice(0, index)))
  const kept = new Set(different.slice(0, BACKUPS_KEPT))
  const newestGood = different.find(({ summary }) => summary?.consistent)
  if (newestGood !== undefined) kept.add(newestGood)
  kept.add(added)
  return ours.filter((backup) => !kept.has(backup) && backup.name !== protects).map(({ name }) => name)
}

/** True if a backup that is made now takes the log databases too. */
export function takesLogs(schedule: ServerSettings['backupLogs'], backups: readonly BackupFact[], now: Date): boolean {
  if (schedule !== 'daily') return schedule === 'always'
  // A damaged database is damaged tomorrow too; one that lacked an image may be copied well now.
  const isWorthRepeating = (reason: string) => reason.startsWith(WITHOUT_IMAGE)
  const last = newestFirst(backups).find(
    ({ summary }) => summary?.hasLogs && !Object.values(summary.inconsistent).some(isWorthRepeating),
  )
  if (!last?.summary) return true
  return Math.abs(now.getTime() - Date.parse(last.summary.createdAt)) >= MS_PER_DAY
}
