import { BYTES_PER_MIB } from '../../kit/sizes.ts'
import { UserError } from '../../kit/user-error.ts'
import { lastDayOver } from '../days.ts'
import { type LeaseOptions, withLease } from '../store/folder/lease.ts'
import { findPartitions, type PartitionFile } from '../store/folder/partition-files.ts'
import { loadSqlite } from '../store/sqlite/open.ts'
import { updateFilters } from '../store/word-filter/update-filters.ts'

/** For less, the wait for the clock of the disk would be more than a thirtieth of the run. */
const LEAST_BYTES = 128 * BYTES_PER_MIB

/** What a run has read. */
export interface RunSize {
  bytesRead: number
  /** Partitions that it has made. */
  added: ReadonlySet<string>
}

/**
 * Makes filters of words of the partitions that a large run has made, so that searches pass over them before they are sealed.
 * Only of days that are over, because later requests would make them useless. It takes a fortieth of the run's time.
 * @param out folder of the log database
 */
export async function filterAdded(out: string, lease: LeaseOptions, { bytesRead, added }: RunSize): Promise<void> {
  if (bytesRead < LEAST_BYTES) return
  const lastDone = lastDayOver(0)
  const isNewAndOver = ({ path, lastDay }: PartitionFile) => added.has(path) && lastDay <= lastDone
  const paths = findPartitions(out, {})
    .filter(isNewAndOver)
    .map(({ path }) => path)
  if (paths.length === 0) return
  const engine = await loadSqlite()
  try {
    await withLease(engine, out, lease, () => updateFilters(engine, out, paths))
  } catch (error) {
    // Another process has begun to write. The next `seal` makes the filters.
    if (!(error instanceof UserError)) throw error
  }
}
