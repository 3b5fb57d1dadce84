import { REMOVED_BODY } from '../../record/body.ts'
import type { Retention } from '../control/retention.ts'
import { applyRetention, forgetAgain } from '../partition/erase.ts'
import { refreshRollups } from '../rollups/rollups.ts'
import type { Connection } from '../sqlite/engine.ts'
import { indexNewMessages } from '../text-index/text-index.ts'
import { findConversationRoots } from './conversation-roots.ts'

/**
 * Completes a partition after `copyAttached`: which conversations continue which, what was forgotten or is not retained any more,
 * figures and text index.
 */
export function finishMerge(db: Connection, retention: Retention, isTextIndexed: boolean): void {
  db.inTransaction(() => findConversationRoots(db))
  forgetAgain(db, [])
  applyRetention(db, retention)
  db.inTransaction(() => {
    refreshRollups(db)
    if (isTextIndexed) indexNewMessages(db)
  })
}

/** Requests that are stored under the ids of two servers although only one log can have held them. */
export interface DoubledRequests {
  servers: [string, string]
  requests: number
}

/** Equal texts have equal ids within a partition. */
export function doubledRequests(db: Connection): DoubledRequests[] {
  const servers = Number(db.prepareValue('SELECT count(DISTINCT server_id) FROM z_req').get())
  if (servers < 2) return []
  const found = db.prepare<[], { first: string; second: string; requests: number }>(DOUBLED).all()
  return found.map(({ first, second, requests }) => ({ servers: [first, second], requests }))
}

const DOUBLED = `
  SELECT a.server_id AS first, b.server_id AS second, count(*) AS requests
  FROM z_req a JOIN z_req b ON b.ts = a.ts AND b.server_id > a.server_id
  WHERE b.timestamp = a.timestamp AND b.endpoint = a.endpoint AND b.x_request_id IS a.x_request_id AND b.tip IS a.tip
    AND b.resp_msg IS a.resp_msg AND b.req_head = a.req_head AND b.req_tail = a.req_tail AND b.resp_head = a.resp_head
    AND b.resp_tail = a.resp_tail AND a.req_head <> '${REMOVED_BODY}'
  GROUP BY 1, 2 ORDER BY 1, 2`

/** Of the first and of the last request, in seconds since 1970; undefined if there are none. */
export function timesOf(db: Connection): { first: number; last: number } | undefined {
  const sql = 'SELECT min(ts) AS first, max(ts) AS last FROM z_req HAVING count(*) > 0'
  return db.prepare<[], { first: number; last: number }>(sql).get()
}
