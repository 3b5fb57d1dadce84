import type { Connection } from '../sqlite/engine.ts'

/** A request whose client named no dialog, so that one may be assigned. Unknown values are empty texts. */
export interface GroupableRequest {
  row: number
  /** Seconds since 1970. */
  ts: number
  apiKeyHash: string
  endpoint: string
  modelMapped: string
  /** Last node of the conversation that its own continues; null without messages. */
  root: number | null
  dialogId: string | null
}

export interface DialogChange {
  row: number
  dialogId: string | null
}

/** Requests by time. */
export function groupableRequests(db: Connection, order: 'ASC' | 'DESC'): IterableIterator<GroupableRequest> {
  const sql = `
    SELECT id AS row, ts, COALESCE(api_key_hash, '') AS apiKeyHash, endpoint,
      COALESCE(model_mapped, '') AS modelMapped, conv.conv_root AS root, dialog_id AS dialogId
    FROM req LEFT JOIN conv ON conv.tip = req.tip WHERE x_dialog_id IS NULL ORDER BY ts ${order}`
  return db.prepare<[], GroupableRequest>(sql).iterate()
}

export function changeDialogs(db: Connection, changes: readonly DialogChange[]): void {
  const update = db.prepare<[string | null, number]>('UPDATE req SET dialog_id = ? WHERE id = ?')
  for (const { row, dialogId } of changes) update.run(dialogId, row)
}

/** Rows with an assigned dialog; a dialog that the client named is not an assigned one. */
export function assignedDialogs(db: Connection): number {
  const sql = 'SELECT count(*) FROM req WHERE x_dialog_id IS NULL AND dialog_id IS NOT NULL'
  return Number(db.prepareValue(sql).get())
}

export function clearDialogs(db: Connection): void {
  db.exec('UPDATE req SET dialog_id = NULL WHERE x_dialog_id IS NULL AND dialog_id IS NOT NULL')
}
