import { REMOVED_BODY } from '../../record/body.ts'
import { type Retention, startOfKept } from '../control/retention.ts'
import type { Connection } from '../sqlite/engine.ts'
import { withSource } from './copy-rows.ts'
import { nameRequests, type RenamedServers } from './renamed-servers.ts'
import { differenceSql } from './row-differences.ts'

/** What a merged partition lacks of another one. */
export interface MissingRows {
  /** Requests that are neither there nor forgotten there. */
  missing: number
  /** Id of a request that is there with another content; undefined if there is none. */
  differing: string | undefined
}

/** Both may change: what was assigned, and the names that `nameRequests` gives. */
const MAY_CHANGE = ['dialog_id', 'request_id', 'server_id']

/**
 * Compares every request of a partition with the merged one, by all that the views show of it, bodies included. What retention
 * or erasure removes may be missing.
 * @param db the merged one
 * @param path a partition of the current version
 */
export function missingRows(db: Connection, path: string, renamed: RenamedServers, retention: Retention): MissingRows {
  return withSource(db, path, () => {
    nameRequests(db, renamed)
    const times = { metadata: startOfKept(retention.metadata), bodies: startOfKept(retention.bodies) }
    const missing = db.prepareValue<[typeof times], number>(MISSING).get(times) ?? 0
    const differing = db.prepareValue<[typeof times], string>(differingSql(db)).get(times)
    db.exec('DROP TABLE temp.named')
    return { missing, differing }
  })
}

const MISSING = `
  SELECT count(*) FROM temp.named n JOIN source.z_req s ON s.id = n.id
  WHERE s.ts >= @metadata AND @bodies = @bodies
    AND NOT EXISTS (SELECT 1 FROM main.z_req d WHERE d.request_id = n.request_id)
    AND NOT EXISTS (SELECT 1 FROM main.z_forgotten f WHERE f.request_id IN (n.request_id, s.request_id))`

function differingSql(db: Connection): string {
  const differs = differenceSql(db, {
    ignored: MAY_CHANGE,
    column: (name) => `s.${name} IS NOT NULL AND s.${name} IS NOT d.${name}`,
    body: (name) => {
      const isRemoved = `d.${name} = '${REMOVED_BODY}' AND s.ts < @bodies`
      return `s.${name} <> d.${name} AND s.${name} <> '${REMOVED_BODY}' AND NOT (${isRemoved})`
    },
  })
  return `
    SELECT s.request_id FROM temp.named n JOIN source.z_req r ON r.id = n.id
      JOIN source.request_details s ON s.request_id = r.request_id
      JOIN main.request_details d ON d.request_id = n.request_id
    WHERE r.ts >= @metadata AND (${differs}) LIMIT 1`
}
