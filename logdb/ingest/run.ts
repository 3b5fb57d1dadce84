import { filterAdded } from './added-filters.ts'
import { type IngestOptions, Passes } from './passes.ts'
import { emptyReport, type IngestReport } from './report.ts'

/**
 * Reads what is new in the logs into the log database. Safe to run twice and to kill: nothing is lost or doubled. Records
 * and files that cannot be read are in the report and do not stop the run.
 * @throws UserError LOGS_MISSING, DATABASE_IN_USE, DISK_FULL, SERVER_ID_MISSING and others
 * @example
 * const report = await ingest({ from: 'logs', out: 'logs/db', settings: readSettings(process.env) })
 * console.log(`${report.rowsInserted} new requests`)
 */
export async function ingest(options: IngestOptions): Promise<IngestReport> {
  const startedMs = performance.now()
  const report = emptyReport()
  const passes = await Passes.create(options)
  try {
    await passes.run(report)
  } finally {
    passes.close()
  }
  report.isInterrupted = options.signal?.aborted ?? false
  const { out, settings, waitMs, signal } = options
  if (settings.isTextIndexEnabled && !report.isInterrupted) {
    await filterAdded(out, { waitMs, signal }, { bytesRead: report.bytesRead, added: passes.added })
  }
  report.elapsedMs = performance.now() - startedMs
  return report
}
