import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

export interface LogsInput {
  folder: string
  /** Unpacked logs/db. */
  source: string
  /** Ends the names of what is moved aside. */
  id: string
  /** uid:gid that owns logs/. */
  owner: string
  /** An image with logdb; if it is not there, that of the container is used. */
  image: string
  container: string
  /** LOGDB_PARTITION_GRANULARITY; empty for the default. */
  granularity: string
  /** Databases, by path in `source`, that must not be used as they are. */
  inconsistent: readonly string[]
}

/** Exit code of a logdb that does not know the verb. */
const UNKNOWN_VERB = 2

/** Arguments: folder, source, id, owner, image, container, granularity, then the inconsistent databases. */
const RESTORE = `set -e
umask 077
cd "$1"
folder=$1; source=$2; id=$3; owner=$4; image=$5; container=$6; granularity=$7; shift 7
work="logs/db.restoring-$id"; doubtful="logs/db.inconsistent-$id"; before="logs/db.before-$id"
isDone=
put_back() {
  [ -z "$isDone" ] || return 0
  [ -e logs/db ] || [ ! -d "$before" ] || mv -T "$before" logs/db
  rm -rf "$work" "$doubtful"
}
trap put_back EXIT
rm -rf logs/db.restoring-*
# No run of logdb auto begins meanwhile, and one that has begun gets a moment to end.
mkdir -p -m 700 routine
exec 6>>routine/lock
flock -w 60 6 || :
[ -d logs ] || { mkdir -m 755 logs; chown "$owner" logs; }
mode=$(stat -c %a "$source")
mv -T "$source" "$work"
chmod 700 "$work"
for database; do
  for f in "$database" "$database-wal" "$database-journal"; do
    [ -e "$work/$f" ] || continue
    mkdir -p "$doubtful/$(dirname "$f")"
    mv "$work/$f" "$doubtful/$f"
  done
done
set --
for known in logs/db.before-* "$doubtful" logs/db; do
  [ ! -d "$known" ] || set -- "$@" --from "/$known"
done
docker image inspect "$image" >/dev/null 2>&1 || image=$(docker inspect -f '{{.Image}}' "$container")
status=0
docker run --rm --init --network none --read-only --tmpfs /tmp --security-opt no-new-privileges --user 0:0 \\
  --cap-drop ALL --cap-add DAC_OVERRIDE --cap-add CHOWN --cap-add FOWNER -e "LOGDB_PARTITION_GRANULARITY=$granularity" \\
  -e "SQLITE_TMPDIR=/$work" -v "$folder/logs:/logs" "$image" \\
  node /app/dist/logdb/cli.js --no-dotenv reapply --json --wait 60s --out "/$work" "$@" 2>/dev/null || status=$?
if [ $status = ${UNKNOWN_VERB} ] && [ $# = 0 ]; then echo unknown
elif [ $status != 0 ]; then exit $status
fi
chown -R "$owner" "$work"
[ ! -d "$doubtful" ] || chown -R "$owner" "$doubtful"
chmod "$mode" "$work"
[ ! -e logs/db ] || rmdir logs/db 2>/dev/null || mv -T logs/db "$before"
mv -T "$work" logs/db
isDone=yes`

/**
 * Makes an unpacked logs/db the server's. Until it is complete it is called logs/db.restoring-ID, and logdb removes from it
 * what the present databases, and those that earlier restores moved aside, have forgotten or do not retain. Then the
 * present one moves aside as a whole, to logs/db.before-ID. Inconsistent databases go to logs/db.inconsistent-ID, with
 * their -wal. If something fails, everything is as it was. Prints what logdb reports, as JSON, and perhaps `unknown` if
 * the image has a logdb that cannot do this and nothing is known that would have to be removed.
 */
export function restoreLogs(input: LogsInput): Argv {
  const { folder, source, id, owner, image, container, granularity, inconsistent } = input
  return sh(RESTORE, folder, source, id, owner, image, container, granularity, ...inconsistent)
}

/** Reads every log into the databases, with the script of the live release. */
export function readLogs(logdbScript: string): Argv {
  return [logdbScript, 'ingest', '--wait', '60s']
}
