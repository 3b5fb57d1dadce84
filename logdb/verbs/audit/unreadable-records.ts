import { withControl } from '../../store/control/control.ts'
import { type IngestError, readErrors, releaseErrors } from '../../store/control/ledger.ts'
import { readControl } from '../../store/control/open-control.ts'
import { type LeaseOptions, withLease } from '../../store/folder/lease.ts'
import { inTransaction, loadSqlite } from '../../store/sqlite/open.ts'

/** Records that could not be read. `base`: folder of the log database. @throws UserError */
export async function listErrors(base: string): Promise<IngestError[]> {
  return readControl(await loadSqlite(), base, readErrors) ?? []
}

/** Gives these errors, or all, back to the next ingest. Returns how many there were. @throws UserError */
export async function retryErrors(
  base: string,
  { ids, ...lease }: LeaseOptions & { ids: readonly number[] | undefined },
): Promise<number> {
  const engine = await loadSqlite()
  if (readControl(engine, base, () => true) === undefined) return 0
  return withLease(engine, base, lease, () =>
    withControl(engine, base, (db) => inTransaction(db, () => releaseErrors(db, ids))),
  )
}
