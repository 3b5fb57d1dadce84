import { findRequest } from '../../conversation/find-requests.ts'
import { countErrorsWithHead } from '../../store/control/ledger.ts'
import { readControl } from '../../store/control/open-control.ts'
import { pathsOfSources } from '../../store/control/source-paths.ts'
import { type ChangeOptions, withLeaseToChange } from '../../store/folder/lease.ts'
import { findPartitions } from '../../store/folder/partition-files.ts'
import { forgetRequests, type Selection, selectedRequests } from '../../store/partition/erase.ts'
import { readPartition } from '../../store/partition/open-partition.ts'
import { findOldDatabases } from '../../store/predecessor/old-databases.ts'
import { PredecessorDatabase } from '../../store/predecessor/predecessor-database.ts'
import { withPartition } from '../../store/rows/partition.ts'
import { loadSqlite, type SqliteEngine } from '../../store/sqlite/open.ts'
import { finishErasures } from './finish-erasures.ts'

export interface ForgetOptions extends ChangeOptions {
  /** A single request by what `findRequest` takes. */
  selection: Selection
}

export interface ForgetReport {
  /** The partitions that hold, or held, some of the requests. */
  partitions: { path: string; requests: number }[]
  /** The logs that the requests came from, which are not changed. */
  logs: string[]
  /** Databases of the predecessor that hold some of the requests, which are not changed either. */
  oldDatabases: string[]
  /** How many records could not be read and are kept with their first bytes, which may be of these requests. */
  unreadable: number
}

/**
 * Removes requests for good: their rows, every message and indexed word that no other request uses, and the chance that
 * reading their logs again brings them back. @throws UserError ERASURE_UNFINISHED, REQUEST_NOT_FOUND and others
 */
export async function forget(options: ForgetOptions): Promise<ForgetReport> {
  const { out, isDryRun } = options
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, async () => {
    try {
      return forgetSelected(engine, { ...options, selection: await resolved(out, options.selection) })
    } finally {
      if (!isDryRun) finishErasures(engine, out)
    }
  })
}

async function resolved(out: string, selection: Selection): Promise<Selection> {
  if (!('requestId' in selection)) return selection
  return { requestId: (await findRequest(out, selection.requestId)).request_id }
}

function forgetSelected(engine: SqliteEngine, { out, selection, isDryRun }: ForgetOptions): ForgetReport {
  const sources = new Set<string>()
  const partitions: ForgetReport['partitions'] = []
  for (const { path } of findPartitions(out, {}).reverse()) {
    const selected = readPartition(engine, path, (db) => selectedRequests(db, selection))
    if (!selected || selected.requests === 0) continue
    for (const source of selected.sources) sources.add(source)
    if (!isDryRun) withPartition(engine, path, (db) => forgetRequests(db, selection))
    partitions.push({ path, requests: selected.requests })
  }
  const oldDatabases = findOldDatabases(engine, out).filter((path) => isInOld(engine, path, selection))
  const unreadable = readControl(engine, out, countErrorsWithHead) ?? 0
  return { partitions, logs: pathsOfSources(engine, out, sources), oldDatabases, unreadable }
}

function isInOld(engine: SqliteEngine, path: string, selection: Selection): boolean {
  return PredecessorDatabase.read(engine, path, (old) => old.hasSelected(selection))
}
