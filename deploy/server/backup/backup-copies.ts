import { isObject } from '../../../kit/json.ts'

/** A copy of a backup that has arrived elsewhere. */
export interface BackupCopy {
  /** Of the backup. */
  name: string
  /** Where it went, as BACKUP_TO says. */
  to: string
  /** Its name there. */
  storedAs: string
  /** ISO time. */
  at: string
  /** As it is there, so perhaps encrypted. */
  sizeBytes: number
  sha256: string
}

const COPIES_REMEMBERED = 500

/** None for a file that is not ours: then backups are sent again. */
export function parseBackupCopies(text: string): BackupCopy[] {
  try {
    const { copies }: { copies?: unknown } = JSON.parse(text)
    return Array.isArray(copies) ? copies.filter(isBackupCopy) : []
  } catch {
    return []
  }
}

/** Never a path: copies are fetched under this name. */
const FILE_NAME = /^[\w-][\w.-]*$/

function isBackupCopy(value: unknown): value is BackupCopy {
  return (
    isObject(value) &&
    ['name', 'to', 'storedAs', 'at', 'sha256'].every((name) => typeof value[name] === 'string') &&
    [value['name'], value['storedAs']].every((name) => FILE_NAME.test(String(name)))
  )
}

export function renderBackupCopies(copies: readonly BackupCopy[]): string {
  return `${JSON.stringify({ version: 1, copies: copies.slice(-COPIES_REMEMBERED) }, null, 2)}\n`
}

/**
 * The last copy of a backup, at this place if it is there; undefined if none has arrived anywhere.
 * @param to as in `BackupCopy`
 */
export function copyOf(copies: readonly BackupCopy[], name: string, to?: string): BackupCopy | undefined {
  const ofBackup = copies.filter((copy) => copy.name === name)
  return ofBackup.findLast((copy) => copy.to === to) ?? ofBackup.at(-1)
}
