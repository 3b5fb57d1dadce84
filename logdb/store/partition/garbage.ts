import { itemsOf, visitRequest, visitResponse } from '../../record/body.ts'
import { messageTexts } from '../../record/message-text.ts'
import type { Connection } from '../sqlite/engine.ts'
import { shortHash } from './chain-hash.ts'

/** Removes paths of conversations that no request sends any more, and updates which conversations continue which. */
const PRUNE_CONVERSATIONS = `
DELETE FROM z_node WHERE id NOT IN (
  WITH RECURSIVE live (id) AS (
    SELECT tip FROM z_req WHERE tip IS NOT NULL
    UNION SELECT node.parent FROM live JOIN z_node node ON node.id = live.id WHERE node.parent <> 0
  )
  SELECT id FROM live
);
DELETE FROM z_conv WHERE tip NOT IN (SELECT tip FROM z_req WHERE tip IS NOT NULL);
UPDATE z_conv AS conv SET conv_root = (
  WITH RECURSIVE up (node, distance) AS (
    SELECT conv.tip, 0
    UNION ALL SELECT node.parent, distance + 1 FROM up JOIN z_node node ON node.id = up.node WHERE node.parent <> 0
  )
  SELECT sent.tip FROM up JOIN z_conv sent ON sent.tip = up.node ORDER BY distance DESC LIMIT 1
) WHERE conv_root NOT IN (SELECT tip FROM z_conv);
`
/** A text, and the messages whose text it is. */
const FORMS =
  'SELECT msg_first.msg AS form UNION SELECT msg_form.msg FROM z_msg_form msg_form WHERE msg_form.text = msg_first.msg'
/** 0 if there is none. */
const FIND_HOLDERS = `
UPDATE z_msg_first AS msg_first SET req = COALESCE((
  SELECT min(id) FROM (
    SELECT req_row.id FROM (${FORMS}) CROSS JOIN z_req_row req_row ON req_row.resp_msg = form
    UNION ALL
    SELECT req_row.id FROM (
      WITH RECURSIVE below (node) AS (
        SELECT node.id FROM (${FORMS}) JOIN z_node node ON node.msg = form
        UNION SELECT node.id FROM below JOIN z_node node ON node.parent = below.node AND node.parent <> 0
      )
      SELECT node FROM below
    ) CROSS JOIN z_req_row req_row ON req_row.tip = node
  )
), 0)`
const DELETE_UNUSED = `
DELETE FROM z_msg_first WHERE req = 0;
DELETE FROM z_msg_form WHERE msg NOT IN (SELECT msg FROM z_node) AND msg NOT IN (SELECT resp_msg FROM z_req WHERE resp_msg IS NOT NULL);
DELETE FROM z_msg_row WHERE id NOT IN (SELECT msg FROM z_node) AND id NOT IN (SELECT msg FROM z_msg_first)
  AND id NOT IN (SELECT resp_msg FROM z_req WHERE resp_msg IS NOT NULL);
DELETE FROM z_msg_text WHERE msg NOT IN (SELECT id FROM z_msg);
DELETE FROM z_msg_piece WHERE msg NOT IN (SELECT id FROM z_msg);
DELETE FROM z_req_kind WHERE id NOT IN (SELECT kind FROM z_req_row);
DELETE FROM z_req_frame WHERE id NOT IN (SELECT sent FROM z_req_row UNION SELECT answered FROM z_req_row);
`

/** A text outside the conversation stands in the bodies of requests; only its first request is noted. */
interface Orphan {
  message: number
  h: Buffer
}

/** Bodies without what was cut out of them. */
interface Remainder {
  row: number
  request: string
  response: string
}

/** Gives texts that meet a condition on `z_msg_first` the first request that holds them in its conversation or answer, or 0. */
export function findHolders(db: Connection, condition: string): void {
  db.exec(`${FIND_HOLDERS} WHERE ${condition}`)
}

/**
 * Removes what only erased requests used: messages, conversations, texts. Expects the requests in the temporary table
 * `erased`, and no text index.
 */
export function collectGarbage(db: Connection): void {
  db.exec(PRUNE_CONVERSATIONS)
  findHolders(db, 'req IN (SELECT row FROM erased)')
  adoptOrphans(db)
  db.exec(DELETE_UNUSED)
}

/** Looks for texts without a request in what remains of the bodies of all other requests. */
function adoptOrphans(db: Connection): void {
  const orphans = db
    .prepare<[], Orphan>(
      'SELECT msg.id AS message, msg.h AS h FROM z_msg_first msg_first JOIN z_msg msg ON msg.id = msg_first.msg WHERE req = 0',
    )
    .all()
  const searched = new Map(orphans.map(({ message, h }) => [h.toString('hex'), message]))
  const found: { message: number; row: number }[] = []
  if (searched.size > 0) {
    for (const remainder of db.prepare<[], Remainder>(REMAINDERS).iterate()) {
      for (const hex of hashesOf(remainder)) {
        const message = searched.get(hex)
        if (message === undefined) continue
        found.push({ message, row: remainder.row })
        searched.delete(hex)
      }
      if (searched.size === 0) break
    }
  }
  const adopt = db.prepare<[number, number]>('UPDATE z_msg_first SET req = ? WHERE msg = ?')
  for (const { message, row } of found) adopt.run(row, message)
}

/** `null` replaces the messages that were cut out. */
const REMAINDERS = `
  SELECT id AS row, req_head || CASE WHEN tip IS NULL THEN '' ELSE 'null' END || req_tail AS request,
    resp_head || CASE WHEN resp_msg IS NULL THEN '' ELSE 'null' END || resp_tail AS response
  FROM z_req ORDER BY id`

function hashesOf({ request, response }: Remainder): string[] {
  const items = [...itemsOf(Buffer.from(request), visitRequest), ...itemsOf(Buffer.from(response), visitResponse)]
  const texts = items.flatMap((item) => [item.json, ...messageTexts(item)])
  return texts.map((json) => shortHash(json).toString('hex'))
}
