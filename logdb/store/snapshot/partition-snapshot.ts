import type { TimeRange } from '../../days.ts'
import { deleteOutside } from '../partition/erase.ts'
import { openWritablePartition } from '../partition/open-partition.ts'
import { forgetRollups, refreshRollups } from '../rollups/rollups.ts'
import { compactCopy } from '../sqlite/compact-copy.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { dropTextIndex } from '../text-index/text-index.ts'
import { copyWithoutIndexes } from './copy-without-indexes.ts'
import { type DatabaseFacts, readFacts } from './database-facts.ts'

/** Where the rows stand in logs of this machine means nothing elsewhere. */
const FORGET_LOGS = `
UPDATE z_req_row SET src = NULL, src_off = NULL, src_len = NULL WHERE src IS NOT NULL;
DELETE FROM z_ingest_marks;
DELETE FROM ingest_sources;
DELETE FROM z_seal;
`

/**
 * Copies what a partition holds of these times, or all of it, to send it elsewhere: without indexes, which can be made
 * again, and without the places of records in logs. The same rows give the same bytes.
 * @throws UserError
 */
export function snapshotPartition(
  engine: SqliteEngine,
  paths: { path: string; copy: string },
  times: TimeRange | undefined,
): DatabaseFacts {
  const open = (path: string) => openWritablePartition(engine, path)
  const change = (db: Connection) => {
    dropTextIndex(db)
    if (times) deleteOutside(db, times)
    db.inTransaction(() => {
      db.exec(FORGET_LOGS)
      forgetRollups(db)
      refreshRollups(db)
    })
    db.exec('DROP TABLE IF EXISTS z_unfinished_erasure')
    return readFacts(db)
  }
  return compactCopy(engine, paths, { open, change, write: copyWithoutIndexes })
}
