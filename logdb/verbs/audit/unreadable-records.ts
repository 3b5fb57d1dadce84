import { type IngestError, readErrors, releaseErrors } from '../../store/control/ingest-errors.ts'
import { changeControl, openControl } from '../../store/control/open-control.ts'
import { type LeaseOptions, withLease } from '../../store/folder/lease.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'

/** Records that could not be read. @param base folder of the log database @throws UserError */
export async function listErrors(base: string): Promise<IngestError[]> {
  using db = openControl(await loadSqlite(), base)
  return db ? readErrors(db) : []
}

/** Gives unreadable records back to the next ingest, those with these ids or all. Returns how many. @throws UserError */
export async function retryErrors(
  base: string,
  { ids, ...lease }: LeaseOptions & { ids: readonly number[] | undefined },
): Promise<number> {
  const engine = await loadSqlite()
  if (!hasControl(engine, base)) return 0
  return withLease(engine, base, lease, () => {
    return changeControl(engine, base, (db) => db.inTransaction(() => releaseErrors(db, ids)))
  })
}

function hasControl(engine: SqliteEngine, base: string): boolean {
  using db = openControl(engine, base)
  return db !== undefined
}
