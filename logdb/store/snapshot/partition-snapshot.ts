import type { TimeRange } from '../../days.ts'
import { deleteOutside } from '../partition/erase.ts'
import { PARTITION_SCHEMA } from '../partition/partition-schema.ts'
import { forgetRollups } from '../rollups/rollups.ts'
import { compactCopy } from '../sqlite/compact-copy.ts'
import type { SqliteEngine } from '../sqlite/engine.ts'
import { openMigrated } from '../sqlite/migrate.ts'
import { dropTextIndex } from '../text-index/text-index.ts'

/** Where the rows stand in logs of this machine means nothing elsewhere. */
const FORGET_LOGS = `
UPDATE req_row SET src = NULL, src_off = NULL, src_len = NULL WHERE src IS NOT NULL;
DELETE FROM ingest_marks;
DELETE FROM ingest_sources;
DELETE FROM seal;
`

/**
 * Copies what a partition holds of these times, or all of it, to send it elsewhere: without what can be made again (text
 * index, figures of hours) and without the places of records in logs. The same rows give the same bytes.
 * @throws UserError
 */
export function snapshotPartition(
  engine: SqliteEngine,
  paths: { path: string; copy: string },
  times: TimeRange | undefined,
): void {
  const open = (path: string) => openMigrated(engine, path, PARTITION_SCHEMA)
  compactCopy(engine, paths, open, (db) => {
    dropTextIndex(db)
    if (times) deleteOutside(db, times)
    db.inTransaction(() => {
      db.exec(FORGET_LOGS)
      forgetRollups(db)
    })
    db.exec('DROP TABLE IF EXISTS unfinished_erasure')
  })
}
