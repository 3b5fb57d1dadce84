import { type IngestOptions, Passes } from './passes.ts'
import { emptyReport, type IngestReport } from './report.ts'

export type { IngestOptions } from './passes.ts'

/**
 * Reads what is new in the logs into the log database. Safe to run twice and to kill: nothing is lost or doubled.
 * Records that cannot be read, and files that cannot, are in the report and stop nothing.
 * @throws UserError
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
  report.elapsedMs = performance.now() - startedMs
  return report
}
