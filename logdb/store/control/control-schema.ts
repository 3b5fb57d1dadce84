import type { Schema } from '../sqlite/migrate.ts'

/**
 * control.sqlite3 says how far each log file has been read. A partition commits first, this file after it, so it is
 * never ahead: what a killed run had not recorded here is read once more and recognised by its request ids.
 */
const INITIAL = `
CREATE TABLE servers (
  server_id TEXT PRIMARY KEY, hostname TEXT, env TEXT, first_seen_ts INTEGER
) STRICT;
-- A source is a content, not a path: it is recognised by its first bytes (head, at most 1 KiB) and by the last ones
-- before the offset (tail, at most 4 KiB), so that it may be renamed, compressed or copied. Offsets count decompressed
-- bytes. Every byte up to the offset is in exactly one of the five counts.
CREATE TABLE sources (
  id INTEGER PRIMARY KEY,
  source_key TEXT NOT NULL UNIQUE,
  path TEXT NOT NULL,
  head_bytes INTEGER NOT NULL,
  head_sha256 BLOB NOT NULL,
  offset INTEGER NOT NULL DEFAULT 0,
  tail_bytes INTEGER NOT NULL DEFAULT 0,
  tail_sha256 BLOB NOT NULL,
  ingested_bytes INTEGER NOT NULL DEFAULT 0,
  duplicate_bytes INTEGER NOT NULL DEFAULT 0,
  ignored_bytes INTEGER NOT NULL DEFAULT 0,
  filtered_bytes INTEGER NOT NULL DEFAULT 0,
  quarantined_bytes INTEGER NOT NULL DEFAULT 0,
  pending_bytes INTEGER NOT NULL DEFAULT 0,
  mtime INTEGER NOT NULL,
  first_seen_ts INTEGER NOT NULL,
  last_scan_ts INTEGER NOT NULL
) STRICT;
CREATE INDEX sources_by_head ON sources (head_bytes, head_sha256);
-- Stretches below the offset that were outside --since/--to and can still be ingested; days as YYYY-MM-DD.
CREATE TABLE source_gaps (
  source_id INTEGER NOT NULL, start_off INTEGER NOT NULL, end_off INTEGER NOT NULL,
  first_day TEXT NOT NULL, last_day TEXT NOT NULL, PRIMARY KEY (source_id, start_off)
) STRICT;
-- Compressed files that were read to their end; an unchanged one is not decompressed again.
CREATE TABLE finished_files (
  path TEXT PRIMARY KEY, stamp TEXT NOT NULL, source_id INTEGER NOT NULL
) STRICT;
-- Records that could not be read: their place in the source, their hash, why, and how they begin.
CREATE TABLE ingest_errors (
  id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL,
  sha256 TEXT NOT NULL, reason TEXT NOT NULL, head TEXT NOT NULL, seen_ts INTEGER NOT NULL, UNIQUE (source_id, offset)
) STRICT;
CREATE VIEW ingest_sources AS
  SELECT path AS source_path, NULL AS sha256, offset AS bytes_ingested, mtime, last_scan_ts FROM sources;
`

const RETENTION = `
-- From which UTC day on (YYYY-MM-DD) rows, and the bodies in them, are kept; reading an older log again brings none back.
CREATE TABLE retention (
  kind TEXT PRIMARY KEY CHECK (kind IN ('metadata', 'bodies')), kept_from TEXT NOT NULL, set_ts INTEGER NOT NULL
) STRICT;
`

const STRETCHES = `
-- Stretches below the offset that are older than retain keeps, as in source_gaps. Their bytes are booked as ignored. Retain
-- with --reset makes gaps of them again; one before this table existed (has_places = 0) makes all logs be read again.
CREATE TABLE retained_stretches (
  source_id INTEGER NOT NULL, start_off INTEGER NOT NULL, end_off INTEGER NOT NULL,
  first_day TEXT NOT NULL, last_day TEXT NOT NULL, PRIMARY KEY (source_id, start_off)
) STRICT;
ALTER TABLE retention ADD COLUMN has_places INTEGER NOT NULL DEFAULT 0;
`

const PARTITIONS = `
-- Partitions that have had rows, by their paths below the folder of the log database. lost_ts: when another one was made
-- because the partition was gone or empty.
CREATE TABLE partitions (
  path TEXT PRIMARY KEY, lost_ts INTEGER
) STRICT, WITHOUT ROWID;
`

/** Version 1 is the predecessor's control.sqlite3, which carries no number. */
export const CONTROL_SCHEMA: Schema = {
  applicationId: 0x4c474443,
  firstVersion: 2,
  migrations: [
    { number: 1, sql: INITIAL },
    { number: 3, sql: RETENTION },
    { number: 4, sql: STRETCHES },
    { number: 5, sql: PARTITIONS },
  ],
}
