import { newestFirst, timeOf } from '../server/backup/backup-order.ts'
import type { BackupFact } from '../server/facts.ts'
import type { Context } from '../session/context.ts'
import { withServer } from '../session/open-server.ts'
import type { Outcome } from '../session/shown/report.ts'

/** Newest first; name, size, time, release, domain and kind, one a line. */
export async function listBackups(context: Context): Promise<Outcome> {
  const { options } = context
  return withServer(context, async ({ layout, facts }) => {
    const rows = newestFirst(facts.backups).map(rowOf)
    const [newest] = rows
    const hint = newest
      ? `To restore one: ai-deploy --host ${options.host} --restore-backup ${newest.name}`
      : `No backups yet in ${layout.backups}: a deploy that changes something writes one first.`
    return {
      result: { folder: layout.backups, backups: rows },
      lines: rows.map(lineOf),
      notes: options.isJson ? [] : [hint],
    }
  })
}

type Row = ReturnType<typeof rowOf>

function rowOf(backup: BackupFact) {
  const { name, sizeBytes, summary, isPredecessors } = backup
  return {
    name,
    size_bytes: sizeBytes,
    at: new Date(timeOf(backup)).toISOString().replace(/\.\d+/, ''),
    kind: kindOf(summary !== null, isPredecessors),
    release: summary?.release ?? null,
    domain: summary?.domain ?? null,
    has_logs: summary?.hasLogs ?? null,
    is_consistent: summary?.consistent ?? null,
  }
}

/** A backup without a manifest is one of an earlier version, or somebody else's. */
function kindOf(hasManifest: boolean, isPredecessors: boolean): 'ai-deploy' | 'predecessor' | 'unknown' {
  if (hasManifest) return 'ai-deploy'
  return isPredecessors ? 'predecessor' : 'unknown'
}

function lineOf({ name, size_bytes, at, kind, release, domain, has_logs, is_consistent }: Row): string {
  const parts = [
    `${name}  ${Math.ceil(size_bytes / 1024)} KiB  ${at}  ${release ?? '-'}  ${domain ?? '-'}  ${kind}`,
    has_logs && 'with logs',
    is_consistent === false && 'not consistent',
  ]
  return parts.filter((part) => typeof part === 'string').join('  ')
}
