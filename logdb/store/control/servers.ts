import { existsSync } from 'node:fs'
import { nowWholeS } from '../../days.ts'
import type { ServerIdentity } from '../folder/server-id.ts'
import type { Connection, SqliteEngine } from '../sqlite/engine.ts'
import { beginIfNeeded } from './open-control.ts'

/** Notes which server writes rows, in the transaction that the next commit ends. To be used on control.sqlite3. */
export function registerServer(db: Connection, { serverId, hostname, env }: ServerIdentity): void {
  if (db.prepare<[string]>('SELECT 1 FROM servers WHERE server_id = ?').get(serverId)) return
  beginIfNeeded(db)
  db.prepare<[string, string, string, number]>(
    'INSERT INTO servers (server_id, hostname, env, first_seen_ts) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  ).run(serverId, hostname, env, nowWholeS())
}

/**
 * Ids under which an existing log database has stored what it read or converted itself. Requests of bundles have the ids of
 * other log databases.
 * @param databases paths of control.sqlite3 and of partitions, which may be missing
 * @throws UserError
 */
export function knownServerIds(engine: SqliteEngine, databases: readonly string[]): string[] {
  const ids = databases.filter((path) => existsSync(path)).flatMap((path) => serverIdsIn(engine, path))
  return [...new Set(ids)].sort()
}

/** A request that was read has its place in a log, and one that was converted has no exact time. */
const OWN_IDS: Readonly<Record<string, string>> = {
  z_req: ownIdsIn('z_req'),
  req: ownIdsIn('req'), // before migration 15 of partitions
  sources: 'SELECT server_id FROM servers',
}

const TABLE_WITH_IDS = `
  SELECT name FROM sqlite_master WHERE name IN (${Object.keys(OWN_IDS)
    .map((name) => `'${name}'`)
    .join(', ')})`

function ownIdsIn(requests: string): string {
  return `SELECT DISTINCT server_id FROM ${requests} WHERE src IS NOT NULL OR timestamp IS NULL`
}

function serverIdsIn(engine: SqliteEngine, path: string): string[] {
  using db = engine.openReadonly(path)
  const table = db.prepareValue<[], string>(TABLE_WITH_IDS).get()
  return table === undefined ? [] : db.prepareValue<[], string>(OWN_IDS[table] ?? '').all()
}
