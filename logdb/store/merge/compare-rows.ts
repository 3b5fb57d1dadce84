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
  /** How many that are here were forgotten there. */
  forgottenThere: number
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
  const forgottenThere = db.prepareValue<[], number>(FORGOTTEN_THERE).get() ?? 0
  const counts = { ...(db.prepare<[], typeof NONE>(COUNTS).get() ?? NONE), forgottenThere }
  if (counts.known === 0) return { ...counts, conflicting: [] }
  return { ...counts, conflicting: db.prepareValue<[], string>(conflictsSql(db)).all() }
}

const COUNTS = `
  SELECT count(*) AS known,
    count(CASE WHEN d.req_head = '${REMOVED_BODY}' AND s.req_head <> '${REMOVED_BODY}' THEN 1 END) AS restorable
  FROM source.z_req s JOIN z_req d ON d.request_id = s.request_id`

/** With the plus an id has no type, and is found by the index. */
const FORGOTTEN_THERE = `
  SELECT count(*) FROM source.z_forgotten f JOIN main.z_req d ON d.request_id = +f.request_id`

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
