import { findPartitions } from '../partitions.ts'
import { forgetRequests, type Selection, selectedRequests } from '../store/erase.ts'
import { type ChangeOptions, withLeaseToChange } from '../store/lease.ts'
import { withPartition } from '../store/partition.ts'
import { readPartition } from '../store/read-partition.ts'
import { pathsOfSources } from '../store/source-paths.ts'
import { loadSqlite } from '../store/sqlite.ts'

export interface ForgetOptions extends ChangeOptions {
  selection: Selection
}

export interface ForgetReport {
  /** The partitions that hold, or held, some of the requests. */
  partitions: { path: string; requests: number }[]
  /** The logs that the requests came from, which are not changed. */
  logs: string[]
}

/**
 * Removes requests for good: their rows, every message and indexed word that no other request uses, and the chance that
 * reading their logs again brings them back. @throws UserError
 */
export async function forget(options: ForgetOptions): Promise<ForgetReport> {
  const { out, selection, isDryRun } = options
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, () => {
    const sources = new Set<string>()
    const partitions: ForgetReport['partitions'] = []
    for (const { path } of findPartitions(out, {}).reverse()) {
      const selected = readPartition(engine, path, (db) => selectedRequests(db, selection))
      if (!selected || selected.requests === 0) continue
      for (const source of selected.sources) sources.add(source)
      if (!isDryRun) withPartition(engine, path, (db) => forgetRequests(db, selection))
      partitions.push({ path, requests: selected.requests })
    }
    return { partitions, logs: pathsOfSources(engine, out, sources) }
  })
}
