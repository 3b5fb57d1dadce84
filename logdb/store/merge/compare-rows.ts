import { REMOVED_BODY } from '../../record/body.ts'
import type { Connection } from '../sqlite/engine.ts'
import { differenceSql } from './row-differences.ts'

/** Requests of another partition that are stored here already. */
export interface KnownRows {
  known: number
  /** Ids of those that are stored with another content. */
  conflicting: string[]
  /** How many have their bodies there and not here. */
  restorable: number
}

/** Dialogs are assigned. */
const MAY_DIFFER = ['request_id', 'dialog_id']
const NONE = { known: 0, restorable: 0 }

/**
 * Compares the requests that both partitions have, by all that the view shows of them. What one of them does not know, as the
 * exact time of a converted request or a body that was removed, does not make a difference.
 * @param db to which the other one is attached as `source`
 */
export function compareKnownRows(db: Connection): KnownRows {
  const counts = db.prepare<[], typeof NONE>(COUNTS).get() ?? NONE
  if (counts.known === 0) return { ...counts, conflicting: [] }
  return { ...counts, conflicting: db.prepareValue<[], string>(conflictsSql(db)).all() }
}

const COUNTS = `
  SELECT count(*) AS known,
    count(CASE WHEN d.req_head = '${REMOVED_BODY}' AND s.req_head <> '${REMOVED_BODY}' THEN 1 END) AS restorable
  FROM source.z_req s JOIN z_req d ON d.request_id = s.request_id`

function conflictsSql(db: Connection): string {
  const differs = differenceSql(db, {
    ignored: MAY_DIFFER,
    column: (name) => `s.${name} IS NOT NULL AND d.${name} IS NOT NULL AND s.${name} <> d.${name}`,
    body: (name) => `s.${name} <> d.${name} AND '${REMOVED_BODY}' NOT IN (s.${name}, d.${name})`,
  })
  return `
    SELECT s.request_id FROM source.request_details s JOIN main.request_details d ON d.request_id = s.request_id
    WHERE ${differs} ORDER BY s.request_id`
}
