import { findPartitions } from '../partitions.ts'
import { forgetRequests, type Selection, selectedRequests } from '../store/erase.ts'
import { withPartition } from '../store/partition.ts'
import { readPartition } from '../store/read-partition.ts'
import { pathsOfSources } from '../store/source-paths.ts'
import { loadSqlite } from '../store/sqlite.ts'

export interface ForgetOptions {
  /** Folder of the log database. */
  out: string
  selection: Selection
  /** Change nothing, only count. */
  isDryRun: boolean
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
export async function forget({ out, selection, isDryRun }: ForgetOptions): Promise<ForgetReport> {
  const engine = await loadSqlite()
  const sources = new Set<string>()
  const partitions: ForgetReport['partitions'] = []
  for (const { path } of findPartitions(out, {}).reverse()) {
    const selected = readPartition(engine, path, (db) => selectedRequests(db, selection))
    if (!selected || selected.requests === 0) continue
    for (const source of selected.sources) sources.add(source)
    const erase = () => withPartition(engine, path, (db) => forgetRequests(db, selection))
    partitions.push({ path, requests: isDryRun ? selected.requests : erase() })
  }
  return { partitions, logs: pathsOfSources(engine, out, sources) }
}
