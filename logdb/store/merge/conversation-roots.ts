import type { Connection } from '../sqlite/engine.ts'

/** The shortest conversation that was sent and that each one begins with. */
const FIND_ROOTS = `
WITH RECURSIVE below (node, root) AS (
  SELECT node.id, conv.tip FROM z_node node LEFT JOIN z_conv conv ON conv.tip = node.id WHERE node.parent = 0
  UNION ALL
  SELECT node.id, COALESCE(below.root, conv.tip)
  FROM below JOIN z_node node ON node.parent = below.node AND node.parent <> 0 LEFT JOIN z_conv conv ON conv.tip = node.id
)
UPDATE z_conv AS conv SET conv_root = below.root FROM below WHERE below.node = conv.tip AND conv.conv_root <> below.root`

/** Finds which conversations continue which, after `copyAttached` has added some. Within a transaction. */
export function findConversationRoots(db: Connection): void {
  db.exec(FIND_ROOTS)
}
