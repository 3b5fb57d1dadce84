import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogdbSettings } from '../../settings.ts'
import { readRetention } from '../../store/control/retention.ts'
import { type ChangeOptions, withLeaseToChange } from '../../store/folder/lease.ts'
import { STAGING } from '../../store/folder/partition-files.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { finishErasures } from '../../verbs/erasure/finish-erasures.ts'
import type { ProtectedBundle } from '../verify/read-bundle.ts'
import { importDatabase } from './import-database.ts'
import { type ImportReport, newReport } from './import-report.ts'
import { stageDatabases } from './stage.ts'

export interface ImportBundleOptions extends ChangeOptions {
  bundle: ProtectedBundle
  settings: LogdbSettings
}

/**
 * Adds the requests of a bundle, of ours or of the predecessor, to a log database: each to the partition of its day. Nothing
 * is changed before all of the bundle is verified. Requests that are stored already stay as they are; those that were
 * forgotten, or that are older than what is retained, stay out. It can be repeated, also after it was killed.
 * @throws UserError BUNDLE_INVALID, DATABASE_IN_USE and others
 */
export async function importBundle(options: ImportBundleOptions): Promise<ImportReport> {
  const engine = await loadSqlite()
  const { bundle, out, isDryRun } = options
  return withLeaseToChange(engine, options, async () => {
    const staging = isDryRun ? mkdtempSync(join(tmpdir(), 'logdb-import-')) : emptyFolder(join(out, STAGING))
    const report = newReport()
    try {
      const retention = readRetention(engine, out)
      for (const database of await stageDatabases(bundle, staging)) {
        importDatabase(engine, database, { ...options, staging, retention }, report)
      }
    } finally {
      rmSync(staging, { recursive: true, force: true })
    }
    if (report.removed > 0) finishErasures(engine, out)
    return report
  })
}

/** With the lease nobody else uses it, so what is in it was left by a killed run. */
function emptyFolder(path: string): string {
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true })
  return path
}
