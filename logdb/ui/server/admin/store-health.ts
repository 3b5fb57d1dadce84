import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hasErrorCode, UserError } from '../../../../kit/user-error.ts'
import type { LogdbErrorCode } from '../../../error-table.ts'
import type { IngestError } from '../../../store/control/ingest-errors.ts'
import { type KnownFiles, readKnownFiles } from '../../../store/control/known-files.ts'
import { openControl } from '../../../store/control/open-control.ts'
import { findPartitions, listFiles } from '../../../store/folder/partition-files.ts'
import { loadSqlite } from '../../../store/sqlite/open.ts'
import { unreadLogs } from '../../../verbs/audit/unread-files.ts'
import { listErrors } from '../../../verbs/audit/unreadable-records.ts'

const MAX_ERRORS = 100
const BUNDLE = /\.tgz(\.age)?$/
const BACKUP = /^ai-proxy-backup-.*\.tar\.gz$/
const NO_LOGS: LogdbErrorCode = 'LOGS_MISSING'

export interface HealthOptions {
  /** Folder of the log database. */
  out: string
  /** Folder of bundles; by default next to that of the logs. */
  bundles?: string | undefined
}

/** A file that keeps a copy of the logs. */
export interface KeptFile {
  name: string
  bytes: number
  /** Milliseconds since 1970. */
  madeMs: number
}

export interface StoreHealth {
  partitions: number
  firstDay: string | undefined
  lastDay: string | undefined
  /** Of all files of the log database. */
  bytes: number
  /** Bytes of the logs that have not been read; undefined if the logs are not here. */
  unreadBytes: number | undefined
  /** Records that could not be read. */
  quarantined: number
  /** The first of them. */
  errors: IngestError[]
  lastBundle: KeptFile | undefined
  lastBackup: KeptFile | undefined
}

/** What somebody who looks after a log database wants to know. @throws UserError */
export async function storeHealth({ out, bundles }: HealthOptions): Promise<StoreHealth> {
  const partitions = findPartitions(out, {})
  const errors = await listErrors(out)
  const deployment = dirname(dirname(out))
  return {
    partitions: partitions.length,
    firstDay: partitions.at(-1)?.firstDay,
    lastDay: partitions[0]?.lastDay,
    bytes: listFiles(out).reduce((sum, path) => sum + sizeOf(path), 0),
    unreadBytes: await unreadBytes(out),
    quarantined: errors.length,
    errors: errors.slice(0, MAX_ERRORS),
    lastBundle: newest(bundles ?? join(deployment, 'bundles'), BUNDLE),
    lastBackup: newest(join(deployment, 'backups'), BACKUP),
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

async function unreadBytes(out: string): Promise<number | undefined> {
  try {
    using db = openControl(await loadSqlite(), out)
    const known: KnownFiles = db ? readKnownFiles(db) : { sources: [], finished: new Map() }
    const { unread } = await unreadLogs(dirname(out), known)
    return unread.reduce((sum, { bytes }) => sum + bytes, 0)
  } catch (error) {
    if (error instanceof UserError && error.code === NO_LOGS) return undefined
    throw error
  }
}

function newest(folder: string, name: RegExp): KeptFile | undefined {
  const files = namesIn(folder)
    .filter((one) => name.test(one))
    .flatMap((one): KeptFile[] => {
      const stats = statSync(join(folder, one), { throwIfNoEntry: false })
      return stats ? [{ name: one, bytes: stats.size, madeMs: stats.mtimeMs }] : []
    })
  return files.sort((a, b) => b.madeMs - a.madeMs)[0]
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'EACCES')) return []
    throw error
  }
}
