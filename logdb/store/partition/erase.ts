import { nowWholeS, type TimeRange } from '../../days.ts'
import { REMOVED_BODY } from '../../record/body.ts'
import { type Retention, startOfKept } from '../control/retention.ts'
import type { RecordPlace } from '../control/stretches.ts'
import { refreshRollups } from '../rollups/rollups.ts'
import { compact } from '../sqlite/compact.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { isOfSchema } from '../sqlite/migrate.ts'
import { Dictionary } from '../tables/dictionary.ts'
import { innerName } from '../tables/inner-names.ts'
import { withNewTextIndex } from '../text-index/text-index.ts'
import { collectGarbage } from './garbage.ts'
import { supplyMissing } from './schema/older-versions.ts'
import { PARTITION_SCHEMA } from './schema/partition-schema.ts'

/**
 * A choice of requests: one, those of a key (hash or name), or those of a dialog, assigned or named by the client.
 * @example
 * const selection: Selection = { key: '0123456789abcdef' }
 */
export type Selection = { requestId: string } | { key: string } | { dialogId: string }

/** How many requests are selected, and the keys of the logs that they came from. */
export function selectedRequests(db: Connection, selection: Selection): { requests: number; sources: string[] } {
  const condition = conditionOf(selection)
  const requests = Number(db.prepareValue<[Selection]>(`SELECT count(*) FROM z_req WHERE ${condition}`).get(selection))
  const sql = `SELECT source_key FROM z_ingest_marks WHERE source_id IN (SELECT src FROM z_req WHERE ${condition})`
  return { requests, sources: db.prepareValue<[Selection], string>(sql).all(selection) }
}

/** Requests, and those with a body, before a time in seconds since 1970. */
export function countBefore(db: Connection, beforeTs: number): { requests: number; bodies: number } {
  const sql = 'SELECT count(*) AS requests, count(nullif(req_head, ?)) AS bodies FROM z_req WHERE ts < ?'
  return db.prepare<[string, number], { requests: number; bodies: number }>(sql).get(REMOVED_BODY, beforeTs) ?? NONE
}

const NONE = { requests: 0, bodies: 0 }

/** Where the records of the requests before a time stand in their logs; of those without bodies only, or of all. */
export function recordPlacesWithin(
  db: Connection,
  { fromTs, beforeTs }: { fromTs: number; beforeTs: number },
  which: 'all' | 'without bodies',
): RecordPlace[] {
  const condition = which === 'all' ? '' : `AND req_head = '${REMOVED_BODY}'`
  const sql = `
    SELECT source_key AS key, src_off AS offset, src_len AS length, date(ts, 'unixepoch') AS day
    FROM z_req req JOIN z_ingest_marks ingest_marks ON ingest_marks.source_id = req.src
    WHERE src_len IS NOT NULL AND ts >= ? AND ts < ? ${condition}`
  return db.prepare<[number, number], RecordPlace>(sql).all(fromTs, beforeTs)
}

/** Removes requests, but keeps their ids so that reading their log again does not bring them back. Returns how many. */
export function forgetRequests(db: Connection, selection: Selection): number {
  return erase(db, () => {
    db.prepare<[Selection]>(`INSERT INTO temp.erased SELECT id FROM z_req WHERE ${conditionOf(selection)}`).run(
      selection,
    )
    const keep = 'INSERT INTO z_forgotten SELECT request_id, ? FROM z_req WHERE id IN (SELECT row FROM temp.erased)'
    db.prepare<[number]>(`${keep} ON CONFLICT DO NOTHING`).run(nowWholeS())
    db.exec(DELETE_ERASED)
  })
}

/** The id of a request that was removed permanently. */
export interface Forgotten {
  requestId: string
  /** When, in seconds since 1970. */
  forgottenTs: number
}

/**
 * What a partition has forgotten. The file is not changed, also if an earlier version made it.
 * @returns none for a database that is not a partition of this logdb
 * @throws UserError
 */
export function readForgotten(engine: SqliteEngine, path: string): Forgotten[] {
  using db = engine.openReadonly(path)
  if (!isOfSchema(db, PARTITION_SCHEMA)) return []
  supplyMissing(db)
  return db.prepare<[], Forgotten>('SELECT request_id AS requestId, forgotten_ts AS forgottenTs FROM z_forgotten').all()
}

/** Removes the requests that another log database has forgotten, and keeps their ids. Returns how many were here. */
export function forgetAgain(db: Connection, forgotten: readonly Forgotten[]): number {
  return erase(db, () => {
    const keep = db.prepare<[string, number]>('INSERT INTO z_forgotten VALUES (?, ?) ON CONFLICT DO NOTHING')
    for (const { requestId, forgottenTs } of forgotten) keep.run(requestId, forgottenTs)
    db.exec('INSERT INTO temp.erased SELECT id FROM z_req WHERE request_id IN (SELECT request_id FROM z_forgotten)')
    db.exec(DELETE_ERASED)
  })
}

/** Removes the requests, and the bodies, from before the first days that are kept. Returns how many requests. */
export function applyRetention(db: Connection, { metadata, bodies }: Retention): number {
  const removed = metadata === '' ? 0 : deleteRequests(db, startOfKept(metadata))
  if (bodies !== '') removeBodies(db, startOfKept(bodies))
  return removed
}

/** Removes the requests before a time in seconds since 1970. Returns how many. */
function deleteRequests(db: Connection, beforeTs: number): number {
  return erase(db, () => {
    db.prepare<[number]>('INSERT INTO temp.erased SELECT id FROM z_req WHERE ts < ?').run(beforeTs)
    db.exec(DELETE_ERASED)
  })
}

/** Removes the requests before and after these times. Returns how many. */
export function deleteOutside(db: Connection, { sinceS, toS }: TimeRange): number {
  return erase(db, () => {
    db.prepare<[number, number]>('INSERT INTO temp.erased SELECT id FROM z_req WHERE ts < ? OR ts > ?').run(sinceS, toS)
    db.exec(DELETE_ERASED)
  })
}

/** Removes the requests of all other UTC days, YYYY-MM-DD. Returns how many. */
export function deleteOtherDays(db: Connection, days: readonly string[]): number {
  return erase(db, () => {
    const isOther = "date(ts, 'unixepoch') NOT IN (SELECT value FROM json_each(?))"
    db.prepare<[string]>(`INSERT INTO temp.erased SELECT id FROM z_req WHERE ${isOther}`).run(JSON.stringify(days))
    db.exec(DELETE_ERASED)
  })
}

/** Removes the requests with these ids, which may come again. Returns how many. */
export function deleteById(db: Connection, ids: readonly string[]): number {
  return erase(db, () => {
    const isOne = 'request_id IN (SELECT value FROM json_each(?))'
    db.prepare<[string]>(`INSERT INTO temp.erased SELECT id FROM z_req WHERE ${isOne}`).run(JSON.stringify(ids))
    db.exec(DELETE_ERASED)
  })
}

/** Removes the bodies of the requests before a time in seconds since 1970. */
function removeBodies(db: Connection, beforeTs: number): void {
  erase(db, () => {
    db.prepare<[number, string]>(`INSERT INTO temp.erased SELECT id FROM z_req WHERE ${HAS_OLD_BODY}`).run(
      beforeTs,
      REMOVED_BODY,
    )
    const frame = new Dictionary(db).frame(REMOVED_BODY, '')
    db.prepare<[number, number]>(REMOVE_BODIES).run(frame, frame)
  })
}

const DELETE_ERASED = 'DELETE FROM z_req_row WHERE id IN (SELECT row FROM temp.erased)'
const HAS_OLD_BODY = 'ts < ? AND req_head <> ?'
const REMOVE_BODIES = `
  UPDATE z_req_row SET sent = ?, tip = NULL, answered = ?, head_values = NULL, tail_values = NULL, resp_msg = NULL, texts = 0
  WHERE id IN (SELECT row FROM temp.erased)`

function conditionOf(selection: Selection): string {
  if ('requestId' in selection) return 'request_id = @requestId'
  if ('key' in selection) return '(api_key_hash = @key OR api_key_name = @key)'
  return 'COALESCE(x_dialog_id, dialog_id) = @dialogId'
}

/** Erases what `choose` puts into `erased`, and what no other request uses, in one transaction. */
function erase(db: Connection, choose: () => void): number {
  db.pragma('secure_delete = ON')
  return db.inTransaction(() => {
    db.exec('CREATE TEMP TABLE erased (row INTEGER PRIMARY KEY)')
    choose()
    const erased = Number(db.prepareValue('SELECT count(*) FROM temp.erased').get())
    if (erased > 0) {
      db.exec('CREATE TABLE IF NOT EXISTS z_unfinished_erasure (x)')
      withNewTextIndex(db, () => collectGarbage(db))
      refreshRollups(db)
    }
    db.exec('DROP TABLE temp.erased')
    return erased
  })
}

/** True from when something was erased until none of its bytes is left in the file; the table `z_unfinished_erasure` marks it. */
export function hasUnfinishedErasure(db: Connection): boolean {
  return innerName(db, 'unfinished_erasure') !== undefined
}

/**
 * Rewrites a partition without the bytes of what was erased, which free or partly filled pages still hold. False if they
 * stay in the file for now, because another process reads an older state.
 */
export function finishErasure(db: Connection): boolean {
  if (!compact(db)) return false
  db.exec('DROP TABLE z_unfinished_erasure')
  return true
}
