import { sha256 } from '../../../kit/sha256.ts'

/** Begins the reason of a database that was copied as it is since nothing was there to copy it well. */
export const WITHOUT_IMAGE = 'the image '

/** What a backup's backup.json says about it, except the list of its files. */
export interface BackupSummary {
  version: 1
  /** Grows by one with each backup of a server, so that order does not depend on a clock. */
  counter: number
  /** ISO time. */
  createdAt: string
  /** Release that answered; null if none did. */
  release: string | null
  domain: string
  /** Name that the server has without one of its own; null if its address was not known. */
  defaultDomain: string | null
  hasLogs: boolean
  /** False if a log database in it was copied as it is, because SQLite could not copy it. */
  consistent: boolean
  /** Why, by path. */
  inconsistent: Record<string, string>
  /** SHA-256 over everything except state.json and logs: two backups of the same settings have the same. */
  content: string
}

export interface BackupManifest extends BackupSummary {
  /** SHA-256 of each file by path. */
  files: Record<string, string>
}

/** First member of an archive. */
export const BACKUP_MANIFEST = 'backup.json'

/** `files` comes last, so that a reader of the summary can stop before it. */
export function renderBackupManifest({ files, ...summary }: BackupManifest): string {
  return `${JSON.stringify({ ...summary, files }, null, 2)}\n`
}

/** Undefined for a text that is not a manifest. */
export function parseBackupManifest(text: string): BackupManifest | undefined {
  const summary = parseBackupSummary(text)
  return summary !== undefined && 'files' in summary && isTable(summary.files) ? (summary as BackupManifest) : undefined
}

/** Undefined for a text that is not a summary. */
export function parseBackupSummary(text: string): BackupSummary | undefined {
  try {
    const summary: BackupSummary = JSON.parse(text)
    const isSummary =
      summary.version === 1 &&
      Number.isSafeInteger(summary.counter) &&
      !Number.isNaN(Date.parse(summary.createdAt)) &&
      isTable(summary.inconsistent)
    return isSummary ? summary : undefined
  } catch {
    return undefined
  }
}

/** @param files SHA-256 by path */
export function backupContent(files: Readonly<Record<string, string>>): string {
  const settings = Object.entries(files).filter(([path]) => path !== 'state.json' && !path.startsWith('logs/'))
  return sha256(JSON.stringify(settings.sort(([a], [b]) => (a < b ? -1 : 1))))
}

function isTable(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string')
}
