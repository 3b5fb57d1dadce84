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
 * Ids under which an existing log database says its rows were written.
 * @param databases paths of control.sqlite3 and of partitions, which may be missing
 * @throws UserError
 */
export function knownServerIds(engine: SqliteEngine, databases: readonly string[]): string[] {
  const ids = databases.filter((path) => existsSync(path)).flatMap((path) => serverIdsIn(engine, path))
  return [...new Set(ids)].sort()
}

function serverIdsIn(engine: SqliteEngine, path: string): string[] {
  using db = engine.openReadonly(path)
  const hasTable = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'servers'").get() !== undefined
  return hasTable ? db.prepareValue<[], string>('SELECT server_id FROM servers').all() : []
}
