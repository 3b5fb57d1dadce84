import type { Argv } from '../host/argv.ts'
import { sh } from './sh.ts'

export interface LogsInput {
  folder: string
  /** Unpacked logs/db. */
  source: string
  /** Ends the names of what is moved aside. */
  id: string
  /** uid:gid that owns logs/. */
  owner: string
  /** Databases, by path in `source`, that must not be used as they are. */
  inconsistent: readonly string[]
}

/**
 * Makes an unpacked logs/db the server's. What is there now moves aside as a whole, to logs/db.before-ID. Inconsistent
 * databases go to logs/db.unverified-ID, with their -wal.
 */
export function restoreLogs({ folder, source, id, owner, inconsistent }: LogsInput): Argv {
  return sh(
    `set -e
umask 022
cd "$1"
source=$2; id=$3; owner=$4; shift 4
[ -d logs ] || { mkdir logs; chown "$owner" logs; }
chown -R "$owner" "$source"
for database; do
  for f in "$database" "$database-wal" "$database-journal"; do
    [ -e "$source/$f" ] || continue
    mkdir -p "logs/db.unverified-$id/$(dirname "$f")"
    mv "$source/$f" "logs/db.unverified-$id/$f"
  done
done
[ ! -e logs/db ] || rmdir logs/db 2>/dev/null || mv -T logs/db "logs/db.before-$id"
mv -T "$source" logs/db`,
    folder,
    source,
    id,
    owner,
    ...inconsistent,
  )
}

/** Puts back what was moved aside. It has no effect where nothing was. */
export function putLogsBack(folder: string, id: string): Argv {
  return sh(
    'cd "$1/logs" 2>/dev/null && [ -d "db.before-$2" ] || exit 0\nrm -rf db && mv -T "db.before-$2" db',
    folder,
    id,
  )
}
