import type { LogEntry } from '../../record/entry.ts'
import { asRecord, isCanonical, type PredecessorRow } from '../../record/predecessor-row.ts'
import { fieldValues } from '../../store/rows/row-group.ts'
import type { Rows } from './rows.ts'

/** Stands for a body that is not canonical, so that the rest of the row can be read. */
const NO_BODY = '""'

/** Adds a row of the predecessor's database, whose id is trusted. Bodies that are not canonical stay whole. */
export function addConverted(rows: Rows, row: PredecessorRow): void {
  const canSplit = isCanonical(row)
  const record = asRecord(canSplit ? row : { ...row, requestJson: NO_BODY, responseJson: NO_BODY })
  const entry = rows.read(record) as LogEntry
  rows.addTrusted(entry, {
    requestId: row.requestId,
    fields: fieldValues({ ...entry.fields, timestamp: null }, { epochS: row.ts, epochUs: null }),
    whole: canSplit ? undefined : { request: row.requestJson, response: row.responseJson },
  })
}
