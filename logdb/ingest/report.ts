/**
 * A record that could not be read.
 * @example
 * const { quarantined } = await ingest({ from: 'logs', out: 'logs/db', settings: readSettings({}) })
 * const places = quarantined.map(({ path, offset }: QuarantinedRecord) => `${path} at byte ${offset}`)
 */
export interface QuarantinedRecord {
  path: string
  /** Where it starts in the file, in decompressed bytes. */
  offset: number
  /** In bytes. */
  length: number
  reason: string
}

/**
 * What a run of `ingest` did.
 * @example
 * const report: IngestReport = await ingest({ from: 'logs', out: 'logs/db', settings: readSettings({}) })
 */
export interface IngestReport {
  /** Files that were looked at. */
  filesScanned: number
  /** Files with new records. */
  filesIngested: number
  /** New requests. */
  rowsInserted: number
  /** Records whose request was already stored. */
  rowsDuplicate: number
  /** Records outside the dates asked for; a later run can still take them. */
  recordsFiltered: number
  /** Records from before the first day that `retain` keeps. */
  recordsRetained: number
  /** Requests that have their bodies again, because `retain` keeps them from an earlier day on now. */
  rowsRestored: number
  recordsQuarantined: number
  /** The first 20 of them; the table ingest_errors of control.sqlite3 has all. */
  quarantined: QuarantinedRecord[]
  /** Files and folders that could not be read. */
  unreadable: { path: string; reason: string }[]
  /** Paths of partitions that are no longer sealed, because new records belong to them. */
  unsealed: string[]
  /** Decompressed. */
  bytesRead: number
  /** Bytes at the end of files whose record is not complete yet. */
  bytesPending: number
  /** The files that end with them. */
  incomplete: { path: string; bytes: number }[]
  /** Partitions with rows that are gone or empty. */
  lost: { path: string; reason: string }[]
  /** Logs that are gone, with how many of their bytes had been left for a later run. */
  gone: { path: string; bytes: number }[]
  /** Duration of the run. */
  elapsedMs: number
  /** True if the signal ended the run early; everything it did is committed. */
  isInterrupted: boolean
}

/** Never 0, so that a rate can be made of it. */
export function elapsedSeconds({ elapsedMs }: IngestReport): number {
  return Math.max(elapsedMs / 1000, 1e-6)
}

/** The line of the predecessor with the speed of a run. */
export function speedLine(report: IngestReport): string {
  const { rowsInserted } = report
  const elapsedS = elapsedSeconds(report)
  return `ingest_elapsed_s=${elapsedS.toFixed(3)} rows_inserted=${rowsInserted} rps=${(rowsInserted / elapsedS).toFixed(1)}`
}

/** What a run did, under the names of the predecessor. */
export function countsOf({ filesIngested, rowsInserted, rowsDuplicate, recordsQuarantined }: IngestReport) {
  return {
    files_ingested: filesIngested,
    rows_inserted: rowsInserted,
    rows_skipped: rowsDuplicate + recordsQuarantined,
  }
}

export function emptyReport(): IngestReport {
  return {
    filesScanned: 0,
    filesIngested: 0,
    rowsInserted: 0,
    rowsDuplicate: 0,
    recordsFiltered: 0,
    recordsRetained: 0,
    rowsRestored: 0,
    recordsQuarantined: 0,
    quarantined: [],
    unreadable: [],
    unsealed: [],
    bytesRead: 0,
    bytesPending: 0,
    incomplete: [],
    lost: [],
    gone: [],
    elapsedMs: 0,
    isInterrupted: false,
  }
}
