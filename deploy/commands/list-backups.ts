import { type BackupCopy, copyOf } from '../server/backup/backup-copies.ts'
import { newestFirst, timeOf } from '../server/backup/backup-order.ts'
import type { BackupFact, Facts } from '../server/facts.ts'
import type { Context } from '../session/context.ts'
import { withServer } from '../session/open-server.ts'
import { commandLine } from '../session/shown/command-line.ts'
import type { Outcome } from '../session/shown/report.ts'

/** Newest first; name, size, time, release, domain and kind, one a line. */
export async function listBackups(context: Context): Promise<Outcome> {
  const { options } = context
  return withServer(context, async ({ layout, facts }) => {
    const rows = [
      ...newestFirst(facts.backups).map((backup) => rowOf(backup, copyOf(facts.copies, backup.name))),
      ...elsewhereOnly(facts).map(copyRow),
    ]
    const [newest] = facts.backups.length > 0 ? rows : []
    const hint = newest
      ? `To restore one: ${commandLine(context, '--restore-backup', newest.name)}`
      : `No backups yet in ${layout.backups}: a deploy that changes something writes one first.`
    return {
      result: { folder: layout.backups, backups: rows },
      lines: rows.map(lineOf),
      notes: options.isJson ? [] : [hint],
    }
  })
}

interface Row {
  name: string
  size_bytes: number
  at: string
  kind: 'ai-deploy' | 'predecessor' | 'unknown' | 'copy'
  release: string | null
  domain: string | null
  has_logs: boolean | null
  is_consistent: boolean | null
  /** Where else it is. */
  copy: string | null
}

function rowOf(backup: BackupFact, copy: BackupCopy | undefined): Row {
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
    copy: copy?.to ?? null,
  }
}

/** Copies of backups that the server does not have any more, newest first. */
function elsewhereOnly({ backups, copies }: Facts): BackupCopy[] {
  const isHere = (name: string) => backups.some((backup) => backup.name === name)
  const gone = new Map(copies.filter(({ name }) => !isHere(name)).map((copy) => [copy.name, copy]))
  return [...gone.values()].reverse()
}

function copyRow({ name, sizeBytes, at, to }: BackupCopy): Row {
  const unknown = { release: null, domain: null, has_logs: null, is_consistent: null }
  return { name, size_bytes: sizeBytes, at: at.replace(/\.\d+/, ''), kind: 'copy', ...unknown, copy: to }
}

/** A backup without a manifest is one of an earlier version, or somebody else's. */
function kindOf(hasManifest: boolean, isPredecessors: boolean): 'ai-deploy' | 'predecessor' | 'unknown' {
  if (hasManifest) return 'ai-deploy'
  return isPredecessors ? 'predecessor' : 'unknown'
}

function lineOf({ name, size_bytes, at, kind, release, domain, has_logs, is_consistent, copy }: Row): string {
  const parts = [
    `${name}  ${Math.ceil(size_bytes / 1024)} KiB  ${at}  ${release ?? '-'}  ${domain ?? '-'}  ${kind}`,
    has_logs && 'with logs',
    is_consistent === false && 'not consistent',
    copy !== null && `copy at ${copy}`,
  ]
  return parts.filter((part) => typeof part === 'string').join('  ')
}
