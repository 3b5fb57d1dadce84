import { hash } from 'node:crypto'
import { framedSql, frameOf } from './body-frame.ts'
import { called } from './inner-names.ts'
import {
  DURATIONS,
  definitions,
  ENCODED,
  KIND_COLUMNS,
  KIND_TYPES,
  PLAIN_TYPES,
  timeText,
  US_PER_S,
} from './request-columns.ts'

/** Of a SHA-256. What has the same one is compared too. */
const HASH_BYTES = 8

/** By this, a text is found through a narrow index. */
export function textHash(text: string): Buffer {
  return hash('sha256', text, 'buffer').subarray(0, HASH_BYTES)
}

const TABLES = `
-- What many requests have in common. h: the first 8 bytes of a SHA-256.
CREATE TABLE req_kind (
  id INTEGER PRIMARY KEY, h BLOB NOT NULL, ${definitions(KIND_TYPES)}
) STRICT;
CREATE INDEX req_kind_by_hash ON req_kind (h);
-- What bodies have before and after their messages. In that of an answer %s stands for a value, and %% for %.
CREATE TABLE req_frame (
  id INTEGER PRIMARY KEY, h BLOB NOT NULL, head TEXT NOT NULL, tail TEXT NOT NULL
) STRICT;
CREATE INDEX req_frame_by_hash ON req_frame (h);
-- The rest of each request; the view req shows all of it. request_id: as bytes, and other_id if that cannot be. us: after ts.
-- timestamp: empty if it is ts and us in the usual form. _us: in whole microseconds, and _ms if that cannot be.
-- sent, answered: frames of the bodies, the values of the second are in head_values and tail_values.
CREATE TABLE req_row (
  id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, request_id BLOB, other_id TEXT, us INTEGER, timestamp TEXT,
  ${DURATIONS.map((name) => `${name}_us INTEGER, ${name}_ms REAL`).join(', ')},
  sent INTEGER NOT NULL, answered INTEGER NOT NULL, head_values TEXT, tail_values TEXT,
  ${definitions(PLAIN_TYPES)}
) STRICT;
`
const INDEXES = `
CREATE INDEX idx_requests_endpoint ON req_kind (endpoint);
CREATE INDEX idx_requests_status ON req_kind (status_code);
CREATE INDEX idx_requests_model_orig ON req_kind (model_original);
CREATE INDEX idx_requests_model_mapped ON req_kind (model_mapped);
CREATE INDEX idx_requests_api ON req_kind (api_key_hash);
CREATE INDEX req_by_key_name ON req_kind (api_key_name);
CREATE UNIQUE INDEX req_by_request_id ON req_row (COALESCE(other_id, lower(hex(request_id))));
CREATE INDEX req_by_kind ON req_row (kind);
CREATE INDEX idx_requests_ts ON req_row (ts, kind, latency_us, latency_ms);
CREATE INDEX req_by_tip ON req_row (tip) WHERE tip IS NOT NULL;
CREATE INDEX req_by_resp_msg ON req_row (resp_msg) WHERE resp_msg IS NOT NULL;
CREATE INDEX req_by_dialog ON req_row (COALESCE(x_dialog_id, dialog_id)) WHERE COALESCE(x_dialog_id, dialog_id) IS NOT NULL;
CREATE INDEX req_by_x_request_id ON req_row (x_request_id) WHERE x_request_id IS NOT NULL;
`

/** CAST: gives the column of a view a type. */
const durationSql = (name: string) => `CAST(COALESCE(${name}_ms, ${name}_us / 1000.0) AS REAL) AS ${name}_ms`

/**
 * As the table was that it stands for. The joined tables have different names for all columns but id and h.
 * @param prefix of the names of inner tables
 */
export function viewOfWholeRequests(prefix = ''): string {
  const frameSql = (text: string, frame: string) =>
    `(SELECT ${text} FROM ${called(prefix, 'req_frame')} WHERE req_frame.id = req.${frame})`
  return `
CREATE VIEW ${prefix}req AS SELECT
  req.id AS id, COALESCE(other_id, lower(hex(request_id))) AS request_id,
  CAST(ts * ${US_PER_S} + us AS INTEGER) AS ts_us,
  CASE timestamp WHEN '' THEN ${timeText('ts', 'us')} ELSE timestamp END AS timestamp,
  ${DURATIONS.map(durationSql).join(', ')},
  ${frameSql('head', 'sent')} AS req_head, ${frameSql('tail', 'sent')} AS req_tail,
  ${frameSql(framedSql('head', 'req.head_values'), 'answered')} AS resp_head,
  ${frameSql(framedSql('tail', 'req.tail_values'), 'answered')} AS resp_tail,
  ${[...KIND_COLUMNS, ...Object.keys(PLAIN_TYPES)].join(', ')}
FROM ${prefix}req_row req JOIN ${called(prefix, 'req_kind')} ON req_kind.id = req.kind;
`
}

const kindText = (table: string) => `json_array(${KIND_COLUMNS.map((name) => `${table}.${name}`).join(', ')})`
const findFrame = (head: string, tail: string) =>
  `(SELECT f.id FROM req_frame f WHERE f.h = text_hash(${head} || char(10) || ${tail}) AND f.head = ${head} AND f.tail = ${tail})`

const COPY = `
INSERT INTO req_kind (h, ${KIND_COLUMNS.join(', ')})
  SELECT DISTINCT text_hash(${kindText('req')}), ${KIND_COLUMNS.join(', ')} FROM req;
INSERT INTO req_frame (h, head, tail)
  SELECT text_hash(head || char(10) || tail), head, tail FROM (
    SELECT req_head AS head, req_tail AS tail FROM req UNION SELECT frame_text(resp_head), frame_text(resp_tail) FROM req
  );
INSERT INTO req_row (kind, sent, answered, head_values, tail_values, ${Object.keys(ENCODED).join(', ')})
  SELECT
    (SELECT k.id FROM req_kind k WHERE k.h = text_hash(${kindText('req')}) AND ${kindText('k')} = ${kindText('req')}),
    ${findFrame('req_head', 'req_tail')}, ${findFrame('frame_text(resp_head)', 'frame_text(resp_tail)')},
    frame_values(resp_head), frame_values(resp_tail), ${Object.values(ENCODED).join(', ')}
  FROM req;
`

/** Replaces the table `req` by a view of the same name and columns. What depends on it must be dropped before. */
export const REQUEST_TABLES = `${TABLES}${COPY}DROP TABLE req;${INDEXES}${viewOfWholeRequests()}`

/** Functions that these statements call. */
export const REQUEST_TABLE_FUNCTIONS = {
  text_hash: textHash,
  frame_text: (text: string) => frameOf(text).text,
  frame_values: (text: string) => frameOf(text).values,
}
