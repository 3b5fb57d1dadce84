/** A record that could not be read. */
export interface QuarantinedRecord {
  path: string
  /** Where it starts in the file, in decompressed bytes. */
  offset: number
  length: number
  reason: string
}

/** What a run did. */
export interface IngestReport {
  filesScanned: number
  /** Files that gave records. */
  filesIngested: number
  rowsInserted: number
  /** Records whose row was there already. */
  rowsDuplicate: number
  /** Records outside the dates asked for; a later run can still take them. */
  recordsFiltered: number
  recordsQuarantined: number
  /** The first of them; ingest_errors in control.sqlite3 has all. */
  quarantined: QuarantinedRecord[]
  unreadable: { path: string; reason: string }[]
  /** Partitions that were sealed and are open again, since records came for them. */
  unsealed: string[]
  bytesRead: number
  /** Bytes at the end of files whose record is not complete yet. */
  bytesPending: number
  elapsedMs: number
  /** True if a signal ended the run early; everything it did is committed. */
  isInterrupted: boolean
}

export function emptyReport(): IngestReport {
  return {
    filesScanned: 0,
    filesIngested: 0,
    rowsInserted: 0,
    rowsDuplicate: 0,
    recordsFiltered: 0,
    recordsQuarantined: 0,
    quarantined: [],
    unreadable: [],
    unsealed: [],
    bytesRead: 0,
    bytesPending: 0,
    elapsedMs: 0,
    isInterrupted: false,
  }
}
