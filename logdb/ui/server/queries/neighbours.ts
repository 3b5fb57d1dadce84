import { isoDay, MS_PER_DAY } from '../../../../kit/time.ts'
import { findPartitions } from '../../../store/folder/partition-files.ts'
import { openPartition } from '../../../store/partition/open-partition.ts'
import { unlessDamaged } from '../../../store/sqlite/damage.ts'
import type { Connection } from '../../../store/sqlite/engine.ts'
import { loadSqlite } from '../../../store/sqlite/open.ts'

const MS_PER_S = 1000

/** Ids of the requests before and after one in its dialog. */
export interface Neighbours {
  previous?: string
  next?: string
}

/** Looks at the day of the request and the days next to it. @param key hash of the only key whose requests may be seen */
export async function neighboursOf(
  out: string,
  { request_id, dialog_id, ts }: { request_id: string; dialog_id: string | null; ts: number },
  key: string | undefined,
): Promise<Neighbours> {
  if (dialog_id === null) return {}
  const engine = await loadSqlite()
  const dayAt = (offsetMs: number) => isoDay(ts * MS_PER_S + offsetMs)
  const files = findPartitions(out, { since: dayAt(-MS_PER_DAY), to: dayAt(MS_PER_DAY) }).reverse()
  const ids = files.flatMap(({ path }) => {
    const found = unlessDamaged([], path, () => {
      using db = openPartition(engine, path)
      return db && idsOfDialog(db, dialog_id, key)
    })
    return found ?? []
  })
  const at = ids.indexOf(request_id)
  const [previous, next] = at < 0 ? [] : [ids[at - 1], ids[at + 1]]
  return { ...(previous !== undefined && { previous }), ...(next !== undefined && { next }) }
}

function idsOfDialog(db: Connection, dialogId: string, key: string | undefined): string[] {
  const sql = `
    SELECT request_id FROM request_details WHERE dialog_id = @dialogId AND (@key IS NULL OR api_key_hash = @key)
    ORDER BY ts, ts_us, request_id`
  return db.prepareValue<[Record<string, unknown>], string>(sql).all({ dialogId, key: key ?? null })
}
