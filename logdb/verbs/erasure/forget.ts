import type { UserError } from '../../../kit/user-error.ts'
import { findRequest } from '../../conversation/find-requests.ts'
import { logdbError } from '../../error-table.ts'
import { countErrorsWithHead } from '../../store/control/ingest-errors.ts'
import { pathsOfSources } from '../../store/control/known-files.ts'
import { openControl } from '../../store/control/open-control.ts'
import { type ChangeOptions, withLeaseToChange } from '../../store/folder/lease.ts'
import { findAllPartitions } from '../../store/folder/partition-files.ts'
import { forgetRequests, type Selection, selectedRequests } from '../../store/partition/erase.ts'
import { changePartition, openPartition } from '../../store/partition/open-partition.ts'
import { findOldDatabases } from '../../store/predecessor/old-databases.ts'
import { PredecessorDatabase } from '../../store/predecessor/predecessor-database.ts'
import { type DamagedPartition, unlessDamaged } from '../../store/sqlite/damage.ts'
import type { SqliteEngine } from '../../store/sqlite/engine.ts'
import { loadSqlite } from '../../store/sqlite/open.ts'
import { finishErasures, isErasureUnfinished } from './finish-erasures.ts'

/**
 * Which requests to remove, and from where.
 * @example
 * const options: ForgetOptions = { out: 'logs/db', selection: { key: 'alice' }, isDryRun: true }
 */
export interface ForgetOptions extends ChangeOptions {
  /** A single request is named as for `findRequest`. */
  selection: Selection
}

/**
 * What `forget` removed, or would remove.
 * @example
 * const selection: Selection = { dialogId: 'dlg-4e1ae6d2995f229f' }
 * const report: ForgetReport = await forget({ out: 'logs/db', selection, isDryRun: true })
 */
export interface ForgetReport {
  /** The partitions that hold, or held, some of the requests, in the order of time. */
  partitions: { path: string; requests: number }[]
  /** Paths of the logs that the requests came from; they are not changed. */
  logs: string[]
  /** Paths of databases of the predecessor that hold some of the requests; they are not changed. */
  oldDatabases: string[]
  /** How many unreadable records are kept with their first bytes, which may belong to these requests. */
  unreadable: number
  /** Partitions that could not be searched. */
  damaged: DamagedPartition[]
}

/**
 * Removes requests permanently: their rows, and every message and indexed word that no other request uses. Reading their
 * logs again does not bring them back; the logs themselves are not changed.
 * @throws UserError REQUEST_NOT_FOUND if nothing is selected, REQUEST_AMBIGUOUS for a single request, ERASURE_UNFINISHED while another process
 *   reads the database, DATABASE_IN_USE and others
 * @example
 * const { partitions } = await forget({ out: 'logs/db', selection: { key: 'alice' }, isDryRun: true })
 * console.log(partitions.reduce((sum, { requests }) => sum + requests, 0), 'requests would be removed')
 */
export async function forget(options: ForgetOptions): Promise<ForgetReport> {
  const { out, isDryRun } = options
  const engine = await loadSqlite()
  return withLeaseToChange(engine, options, async () => {
    const isFinished = isDryRun || !isErasureUnfinished(engine, out)
    try {
      const report = forgetSelected(engine, { ...options, selection: await resolved(out, options.selection) })
      if (isFinished && isEmpty(report)) throw nothingSelected(options.selection)
      return report
    } finally {
      if (!isDryRun) finishErasures(engine, out)
    }
  })
}

function isEmpty({ partitions, oldDatabases, damaged }: ForgetReport): boolean {
  return partitions.length + oldDatabases.length + damaged.length === 0
}

function nothingSelected(selection: Selection): UserError {
  const hint =
    'find them with: logdb query "SELECT DISTINCT api_key_name, api_key_hash, dialog_id FROM request_details"'
  const what = 'key' in selection ? `the key ${selection.key}` : `the dialog ${Object.values(selection)[0]}`
  return logdbError('REQUEST_NOT_FOUND', `no request has ${what}; nothing was changed`, hint)
}

async function resolved(out: string, selection: Selection): Promise<Selection> {
  if (!('requestId' in selection)) return selection
  const { requestId } = selection
  const { request_id, x_request_id } = await findRequest(out, requestId)
  const isWhole = request_id === requestId || x_request_id === requestId
  if (!isWhole && requestId.length < LEAST_DIGITS) throw tooShort(requestId)
  return { requestId: request_id }
}

/** Of the beginning of an id: a mistyped one must not remove another request. */
const LEAST_DIGITS = 4

function tooShort(requestId: string): UserError {
  const message = `there is no request ${requestId}; as the beginning of an id it is too short to remove a request`
  return logdbError('REQUEST_NOT_FOUND', message, `give at least ${LEAST_DIGITS} digits of the id`)
}

function forgetSelected(engine: SqliteEngine, { out, selection, isDryRun }: ForgetOptions): ForgetReport {
  const sources = new Set<string>()
  const partitions: ForgetReport['partitions'] = []
  const damaged: DamagedPartition[] = []
  for (const { path } of findAllPartitions(out, {}).reverse()) {
    unlessDamaged(damaged, path, () => {
      const selected = selectedIn(engine, path, selection)
      if (!selected || selected.requests === 0) return
      if (!isDryRun) changePartition(engine, path, (db) => forgetRequests(db, selection))
      for (const source of selected.sources) sources.add(source)
      partitions.push({ path, requests: selected.requests })
    })
  }
  const oldDatabases = findOldDatabases(engine, out, damaged).filter((path) => isInOld(engine, path, selection))
  using control = openControl(engine, out)
  const logs = control ? pathsOfSources(control, sources) : []
  return { partitions, logs, oldDatabases, unreadable: control ? countErrorsWithHead(control) : 0, damaged }
}

function selectedIn(engine: SqliteEngine, path: string, selection: Selection) {
  using db = openPartition(engine, path)
  return db && selectedRequests(db, selection)
}

function isInOld(engine: SqliteEngine, path: string, selection: Selection): boolean {
  using old = new PredecessorDatabase(engine, path)
  return old.hasSelected(selection)
}
