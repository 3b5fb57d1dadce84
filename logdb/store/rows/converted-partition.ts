import { isDeepStrictEqual } from 'node:util'
import type { PredecessorRow } from '../../record/predecessor-row.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { Partition, type PartitionOptions } from './partition.ts'

/** A partition that takes over rows of the predecessor. */
export class ConvertedPartition extends Partition {
  readonly #statements

  /** @throws UserError */
  constructor(engine: SqliteEngine, path: string, options: PartitionOptions) {
    super(engine, path, options)
    this.#statements = prepare(this.db)
  }

  /** Gives a request the dialog that it had elsewhere, unless it has one. In the transaction of a write. @throws UserError */
  keepDialog(requestId: string, dialogId: string): void {
    this.#statements.keepDialog.run(dialogId, requestId)
  }

  /** True if this row of the predecessor reads the same here, except the name of its dialog, or was forgotten. */
  accountsFor(row: PredecessorRow): boolean {
    const found = this.#statements.readRow.get(row.requestId)
    if (!found) return this.#statements.isForgotten.get(row.requestId) !== undefined
    const { dialogId: _, ...expected } = row
    return isDeepStrictEqual({ ...found }, expected)
  }
}

function prepare(db: Connection) {
  return {
    readRow: db.prepare<[string], Omit<PredecessorRow, 'dialogId'>>(`
      SELECT request_id AS requestId, ts, endpoint, model_original AS modelOriginal, model_mapped AS modelMapped,
        status_code AS statusCode, latency_ms AS latencyMs, api_key_hash AS apiKeyHash, request_json AS requestJson,
        response_json AS responseJson
      FROM requests WHERE request_id = ?`),
    isForgotten: db.prepareValue<[string]>('SELECT 1 FROM z_forgotten WHERE request_id = ?'),
    keepDialog: db.prepare<[string, string]>(
      'UPDATE z_req_row SET dialog_id = ? WHERE id = (SELECT id FROM z_req WHERE request_id = ?) AND COALESCE(x_dialog_id, dialog_id) IS NULL',
    ),
  }
}
