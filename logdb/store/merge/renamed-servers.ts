import { sha256 } from '../../../kit/sha256.ts'
import { requestId } from '../../record/entry.ts'
import type { Connection } from '../sqlite/engine.ts'

/** Ids of servers that are known under another one: the other one, by the id that is given up. */
export type RenamedServers = ReadonlyMap<string, string>

/**
 * Lists the requests of the attached `source` in the temporary table `named`, by their row there, with the server and the id
 * that they have after merging. A request whose id cannot be recomputed, since it was converted or its bodies were removed,
 * keeps both.
 */
export function nameRequests(db: Connection, renamed: RenamedServers): void {
  db.exec(NAMED)
  if (renamed.size > 0) {
    db.defineFunction('id_at', idAt)
    const rename = db.prepare<[string, string, string, string]>(RENAME)
    for (const [from, to] of renamed) rename.run(to, to, from, from)
  }
  db.exec('CREATE INDEX temp.named_by_id ON named (request_id)')
}

/** The id has no type: SQLite compares a TEXT column with the ids of a partition without their index, one by one. */
const NAMED = `
  CREATE TEMP TABLE named (id INTEGER PRIMARY KEY, request_id NOT NULL, server_id TEXT NOT NULL);
  INSERT INTO temp.named SELECT id, request_id, server_id FROM source.z_req;`

const RENAME = `
  UPDATE temp.named SET server_id = ?, request_id = found.new_id
  FROM (
    SELECT r.id AS id, d.request_id AS old_id,
      id_at(?, d.timestamp, d.endpoint, d.request_json, d.response_json, d.x_request_id) AS new_id,
      id_at(?, d.timestamp, d.endpoint, d.request_json, d.response_json, d.x_request_id) AS same_id
    FROM source.z_req r JOIN source.request_details d ON d.request_id = r.request_id
    WHERE r.server_id = ? AND r.timestamp IS NOT NULL
  ) found
  WHERE named.id = found.id AND found.same_id = found.old_id`

function idAt(
  serverId: string,
  timestamp: string,
  endpoint: string,
  request: string,
  response: string,
  xRequestId: string | null,
): string {
  return requestId(serverId, { timestamp, endpoint, xRequestId }, sha256(request), sha256(response))
}
