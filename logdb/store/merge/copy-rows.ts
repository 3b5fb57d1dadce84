import { hash } from 'node:crypto'
import { REMOVED_BODY } from '../../record/body.ts'
import { messageTexts } from '../../record/message-text.ts'
import { textPieces } from '../../record/text-pieces.ts'
import { findHolders } from '../partition/garbage.ts'
import { type Message, MessageStore } from '../rows/message-store.ts'
import type { Connection } from '../sqlite/engine.ts'
import { completeRequests, insertRequests } from './copy-requests.ts'
import { nameRequests, type RenamedServers } from './renamed-servers.ts'

/** What became of the requests of a partition that was merged. */
export interface CopiedRows {
  requests: number
  /** How many of them were not there yet. */
  added: number
}

/**
 * Copies what the attached `source` holds: requests with their messages and places in logs, servers, and the ids of what was
 * forgotten, whose rows are still to be erased. Of a request that is there already only what it lacks is copied. Within a
 * transaction; both are of the current version.
 */
export function copyAttached(db: Connection, renamed: RenamedServers): CopiedRows {
  nameRequests(db, renamed)
  db.exec(CHOOSE)
  const copied = db.prepare<[], CopiedRows>(COUNTS).get()
  copyMessages(db)
  copyConversations(db)
  db.exec(SOURCES_AND_SERVERS)
  insertRequests(db)
  findHolders(db, `req = ${NO_ROW}`)
  completeRequests(db)
  db.exec(DROP)
  return copied ?? { requests: 0, added: 0 }
}

/** Runs `work` while a database is attached as `source`. */
export function withSource<T>(db: Connection, path: string, work: () => T): T {
  db.prepare<[string]>('ATTACH ? AS source').run(path)
  try {
    return work()
  } finally {
    if (!db.isInTransaction) db.exec('DETACH source')
  }
}

/** `added` has the requests that are new, by their row in the source, with their row here. */
const CHOOSE = `
DELETE FROM main.z_req_row WHERE id IN (SELECT id FROM main.z_req WHERE req_head = '${REMOVED_BODY}' AND request_id IN (
  SELECT n.request_id FROM temp.named n JOIN source.z_req s ON s.id = n.id WHERE s.req_head <> '${REMOVED_BODY}'
));
CREATE TEMP TABLE added (id INTEGER PRIMARY KEY, row INTEGER NOT NULL UNIQUE);
INSERT INTO temp.added
  SELECT id, (SELECT COALESCE(max(id), 0) FROM main.z_req) + row_number() OVER (ORDER BY id)
  FROM (SELECT min(id) AS id, request_id FROM temp.named GROUP BY request_id) n
  WHERE NOT EXISTS (SELECT 1 FROM main.z_req d WHERE d.request_id = n.request_id);
`
const COUNTS = 'SELECT (SELECT count(*) FROM temp.named) AS requests, (SELECT count(*) FROM temp.added) AS added'

/** `path` has the nodes of their conversations, `said` their messages, each by its id in the source with the one here. */
const CHOOSE_MESSAGES = `
CREATE TEMP TABLE path (id INTEGER PRIMARY KEY);
INSERT INTO temp.path
  WITH RECURSIVE up (id) AS (
    SELECT DISTINCT tip FROM source.z_req JOIN temp.added USING (id) WHERE tip IS NOT NULL
    UNION SELECT node.parent FROM up JOIN source.z_node node ON node.id = up.id WHERE node.parent <> 0
  )
  SELECT id FROM up;
CREATE TEMP TABLE said (id INTEGER PRIMARY KEY, msg INTEGER);
INSERT INTO temp.said (id)
  SELECT msg FROM source.z_node JOIN temp.path USING (id)
  UNION SELECT resp_msg FROM source.z_req JOIN temp.added USING (id) WHERE resp_msg IS NOT NULL;
`
/** Texts of added requests, each with its first one; and the messages of `said`. A text has the role of its place. */
const TEXTS = `
  SELECT f.msg AS id, added.row AS row FROM source.z_msg_first f JOIN temp.added ON added.id = f.req ORDER BY f.msg`
const MESSAGE = `
  SELECT CAST(json AS BLOB) AS json, COALESCE(
    (SELECT role FROM source.z_msg_text WHERE msg = m.id),
    (SELECT json_extract(text.json, '$.role') FROM source.z_msg_form f JOIN source.z_msg text ON text.id = f.text WHERE f.msg = m.id),
    ''
  ) AS role
  FROM source.message m WHERE id = ?`
/** Stands for the first request of a text until that is known. */
const NO_ROW = 0

/** Messages of an earlier version are taken apart into texts and the rest. */
function copyMessages(db: Connection): void {
  db.exec(CHOOSE_MESSAGES)
  const messages = new MessageStore(db)
  const read = db.prepare<[number], { json: Buffer; role: string }>(MESSAGE)
  for (const { id, row } of db.prepare<[], { id: number; row: number }>(TEXTS).all()) {
    const message = read.get(id)
    for (const json of message ? messageTexts(message) : []) messages.storeText(ownText(json), row)
  }
  const note = db.prepare<[number, number]>('UPDATE temp.said SET msg = ? WHERE id = ?')
  for (const id of db.prepareValue<[], number>('SELECT id FROM temp.said ORDER BY id').all()) {
    const message = read.get(id)
    if (message) note.run(storeMessage(messages, message), id)
  }
}

function storeMessage(messages: MessageStore, { json, role }: { json: Buffer; role: string }): number {
  const texts = messageTexts({ json, role })
  if (texts[0] === json) return messages.storeText(ownText(json), NO_ROW)
  const ids = texts.map((text) => messages.storeText(ownText(text), NO_ROW))
  return messages.store({ digest: digestOf(json), json, pieces: textPieces(json, texts) }, ids)
}

function ownText(json: Buffer): Message {
  return { digest: digestOf(json), json, pieces: [] }
}

function digestOf(json: Buffer): Buffer {
  return hash('sha256', json, 'buffer')
}

/** `nodes` has the nodes of `path`, with the one here. */
const CHOOSE_NODES = `
CREATE TEMP TABLE nodes (id INTEGER PRIMARY KEY, parent INTEGER, depth INTEGER NOT NULL, msg INTEGER NOT NULL, here INTEGER);
INSERT INTO temp.nodes (id, parent, depth, msg)
  SELECT n.id, n.parent, n.depth, said.msg FROM source.z_node n JOIN temp.path USING (id) JOIN temp.said ON said.id = n.msg;
CREATE INDEX temp.nodes_by_depth ON nodes (depth);
`
const INSERT_NODES = `
  INSERT INTO main.z_node (parent, msg, depth)
    SELECT COALESCE(p.here, 0), n.msg, n.depth FROM temp.nodes n LEFT JOIN temp.nodes p ON p.id = n.parent
    WHERE n.depth = ? ORDER BY n.id ON CONFLICT (parent, msg) DO NOTHING`
const FIND_NODES = `
  UPDATE temp.nodes SET here = (
    SELECT d.id FROM main.z_node d
    WHERE d.parent = COALESCE((SELECT p.here FROM temp.nodes p WHERE p.id = nodes.parent), 0) AND d.msg = nodes.msg
  ) WHERE depth = ?`
/** Which conversations these continue is found in the end, for all. */
const INSERT_CONVERSATIONS = `
  INSERT INTO main.z_conv (tip, h, conv_root)
    SELECT n.here, c.h, n.here FROM source.z_conv c JOIN temp.nodes n ON n.id = c.tip
    WHERE c.tip IN (SELECT tip FROM source.z_req JOIN temp.added USING (id)) ON CONFLICT DO NOTHING`

/** Node by node from the beginning of the conversations, since a node needs the one that it continues. */
function copyConversations(db: Connection): void {
  db.exec(CHOOSE_NODES)
  const [insert, find] = [INSERT_NODES, FIND_NODES].map((sql) => db.prepare<[number]>(sql))
  for (const depth of db.prepareValue<[], number>('SELECT DISTINCT depth FROM temp.nodes ORDER BY depth').all()) {
    insert?.run(depth)
    find?.run(depth)
  }
  db.exec(INSERT_CONVERSATIONS)
}

const SOURCES_AND_SERVERS = `
INSERT INTO main.servers
  SELECT server_id, hostname, env, first_seen_ts FROM source.servers
  WHERE server_id IN (SELECT server_id FROM temp.named) OR NOT EXISTS (SELECT 1 FROM temp.named)
  ON CONFLICT DO NOTHING;
INSERT INTO main.servers (server_id) SELECT DISTINCT server_id FROM temp.named WHERE true ON CONFLICT DO NOTHING;
INSERT INTO main.z_ingest_marks (source_key, end_off) SELECT source_key, end_off FROM source.z_ingest_marks WHERE true
  ON CONFLICT (source_key) DO UPDATE SET end_off = max(end_off, excluded.end_off);
INSERT INTO main.ingest_sources SELECT * FROM source.ingest_sources WHERE true
  ON CONFLICT (source_path) DO UPDATE SET bytes_ingested = max(bytes_ingested, excluded.bytes_ingested),
    mtime = max(mtime, excluded.mtime), last_scan_ts = max(last_scan_ts, excluded.last_scan_ts);
INSERT INTO main.z_forgotten SELECT * FROM source.z_forgotten WHERE true ON CONFLICT DO NOTHING;
`
const DROP = ['named', 'added', 'path', 'said', 'nodes'].map((table) => `DROP TABLE temp.${table};`).join('\n')
