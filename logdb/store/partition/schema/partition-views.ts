import { called } from '../../tables/inner-names.ts'

/** Parts of the tokens as columns, in the order in which statements give them. */
export const TOKEN_PARTS = ['tokens_cache_read', 'tokens_cache_write_5m', 'tokens_cache_write_1h', 'tokens_reasoning']
/** Columns of requests that migration 8 added. */
export const COLUMNS_OF_8: readonly string[] = ['dialog_source', 'trace_id', ...TOKEN_PARTS]
/** And that of migration 10. */
export const COLUMNS_OF_10: readonly string[] = [...COLUMNS_OF_8, 'cost']
/** Columns of requests that migration 12 adds. */
export const COLUMNS_OF_12: readonly string[] = ['dispatched_ms', 'retries']
/** Columns of requests that the first version does not have. */
export const ADDED_COLUMNS: readonly string[] = [...COLUMNS_OF_10, ...COLUMNS_OF_12]

/** A dialog to a request, in a trigger. */
const ASSIGN_BEFORE_13 = 'UPDATE req SET dialog_id = NEW.dialog_id WHERE request_id = OLD.request_id'
const assign = (prefix: string) =>
  `UPDATE ${prefix}req_row SET dialog_id = NEW.dialog_id WHERE id = (SELECT id FROM ${prefix}req WHERE request_id = OLD.request_id)`

/**
 * The views of requests, which put bodies together again.
 * @param added columns that the first version does not have
 * @param messages the table or view with the JSON of messages
 * @param assigning a dialog to a request, in a trigger
 * @param prefix of the names of inner tables
 */
export function viewsOfRequests(
  added: readonly string[],
  messages: 'msg' | 'message',
  assigning = ASSIGN_BEFORE_13,
  prefix = '',
): string {
  return `
CREATE VIEW request_details AS SELECT
  request_id, server_id, ts, endpoint, model_original, model_mapped, status_code, latency_ms, api_key_hash,
  req_head || CASE WHEN tip IS NULL THEN '' ELSE (
    WITH RECURSIVE chain (n) AS (
      SELECT tip UNION ALL SELECT parent FROM ${called(prefix, 'node')}, chain WHERE node.id = chain.n AND parent <> 0
    )
    SELECT group_concat(j, ', ') FROM (
      SELECT said.json AS j FROM chain JOIN ${called(prefix, 'node')} ON node.id = chain.n JOIN ${messages} said ON said.id = node.msg
      ORDER BY node.depth
    )
  ) END || req_tail AS request_json,
  resp_head || COALESCE((SELECT json FROM ${messages} WHERE id = resp_msg), '') || resp_tail AS response_json,
  COALESCE(x_dialog_id, dialog_id) AS dialog_id,
  timestamp, ts_us, x_request_id, method, provider, stream, outcome, finish_reason, ttfb_ms, overhead_ms,
  bytes_in, bytes_out, release, api_key_name, ${['tokens_in', 'tokens_out', ...added].join(', ')}
FROM ${prefix}req;
CREATE VIEW requests AS SELECT
  request_id, server_id, ts, endpoint, model_original, model_mapped, status_code, latency_ms, api_key_hash,
  request_json, response_json, dialog_id
FROM request_details;
CREATE TRIGGER requests_dialog INSTEAD OF UPDATE OF dialog_id ON requests BEGIN
  ${assigning};
END;
`
}

/** The views of version 13 and later, which stand on other inner views. @param prefix of the names of inner tables */
export function viewsSince13(prefix = ''): string {
  return `${viewsOfRequests(ADDED_COLUMNS, 'message', assign(prefix), prefix)}${viewOfTexts(prefix)}`
}

/** What the text index reads; its columns are those of the predecessor's. */
export function viewOfTexts(prefix = ''): string {
  return `
CREATE VIEW fts_src AS SELECT
  m.id AS id,
  r.request_id AS request_id,
  COALESCE(t.role, json_extract(m.json, '$.role')) AS role,
  COALESCE(t.text, json_extract(m.json, '$.content')) AS content,
  r.endpoint AS endpoint,
  r.model_original AS model_original,
  r.model_mapped AS model_mapped
FROM ${prefix}msg_first f JOIN ${prefix}msg m ON m.id = f.msg JOIN ${prefix}req r ON r.id = f.req LEFT JOIN ${prefix}msg_text t ON t.msg = f.msg;
`
}

/** Messages as they were, also those that consist of pieces. */
export function viewOfMessages(prefix = ''): string {
  return `
CREATE VIEW message AS SELECT id, CASE WHEN json <> '' THEN json ELSE (
    SELECT group_concat(piece, '') FROM (
      SELECT own || COALESCE(CAST(substr(CAST(other.json AS BLOB), start, size) AS TEXT), '') AS piece
      FROM ${called(prefix, 'msg_piece')} LEFT JOIN ${prefix}msg other ON other.id = msg_piece.text WHERE msg_piece.msg = msg.id ORDER BY seq
    )
  ) END AS json FROM ${called(prefix, 'msg')};
`
}
