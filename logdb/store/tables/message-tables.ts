/** Who speaks in a message that has only a role and a text, by the number of its form; 0 stands for any other message. */
export const ROLES = ['', 'user', 'assistant', 'system', 'developer', 'tool'] as const

/** Before the text of such a message, and after it. */
export const FORM_START = '{"content": "'
export const formEnd = (role: string) => `", "role": "${role}"}`

/** Of a message or a conversation with this hash; long ones are rare, see `MessageStore`. */
export const hashKey = (h: string) => `CASE WHEN length(${h}) = 16 THEN substr(${h}, 1, 8) ELSE ${h} END`

/** A condition that finds a message or conversation by its hash, through an index of the first 8 bytes. */
export function hasHash(h: string, wanted: string): string {
  return `${hashKey(h)} = ${hashKey(wanted)} AND ${h} = ${wanted}`
}

const MESSAGES = `
-- form: whose role the text has around it, as in the view msg; 0 if that is the whole message.
CREATE TABLE msg_row (
  id INTEGER PRIMARY KEY, h BLOB NOT NULL, form INTEGER NOT NULL, text TEXT NOT NULL
) STRICT;
INSERT INTO msg_row SELECT id, h, 0, json FROM msg ORDER BY id;
${ROLES.slice(1).map(shorten).join('\n')}
DROP TABLE msg;
CREATE UNIQUE INDEX msg_by_hash ON msg_row (${hashKey('h')});
${viewOfWholeMessages()}`

function shorten(role: string): string {
  const [start, end] = [FORM_START.length, formEnd(role).length]
  return `UPDATE msg_row SET form = ${ROLES.indexOf(role as 'user')}, text = substr(text, ${start + 1}, length(text) - ${start + end})
  WHERE form = 0 AND length(text) >= ${start + end}
    AND substr(text, 1, ${start}) = '${FORM_START}' AND substr(text, -${end}) = '${formEnd(role)}';`
}

/** What depends on a longer path is found by `parent <> 0`: a conversation of one message needs one index only. */
const CONVERSATIONS = `
CREATE TABLE new_node (
  id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, msg INTEGER NOT NULL, depth INTEGER NOT NULL
) STRICT;
INSERT INTO new_node SELECT id, parent, msg, depth FROM node ORDER BY id;
DROP TABLE node;
ALTER TABLE new_node RENAME TO node;
CREATE UNIQUE INDEX node_by_msg ON node (msg, parent);
CREATE INDEX node_by_parent ON node (parent, msg) WHERE parent <> 0;
CREATE TABLE new_conv (
  tip INTEGER PRIMARY KEY, h BLOB NOT NULL, conv_root INTEGER NOT NULL
) STRICT;
INSERT INTO new_conv SELECT tip, h, conv_root FROM conv ORDER BY tip;
DROP TABLE conv;
ALTER TABLE new_conv RENAME TO conv;
CREATE INDEX conv_by_hash ON conv (${hashKey('h')});
-- Most conversations are their own root.
CREATE INDEX conv_by_root ON conv (conv_root) WHERE conv_root <> tip;
`

/** Messages with what their form has around the text. @param prefix of the names of inner tables */
export function viewOfWholeMessages(prefix = ''): string {
  return `CREATE VIEW ${prefix}msg AS SELECT id, h, CASE form WHEN 0 THEN text
  ${ROLES.slice(1)
    .map((role, index) => `WHEN ${index + 1} THEN '${FORM_START}' || text || '${formEnd(role)}'`)
    .join('\n  ')}
  END AS json FROM ${prefix}msg_row;
`
}

/** Stores messages and conversations in fewer bytes. The views that read them must be dropped before. */
export const MESSAGE_TABLES = `${MESSAGES}${CONVERSATIONS}`
