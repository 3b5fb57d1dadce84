import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

/** How much of a bundle is compared and sent again at a time. */
export const CHUNK_BYTES = 4 * 1024 ** 2

/** Exit codes: the server has no logdb; the file is not there. */
export const NO_LOGDB = 3
export const NO_FILE = 4

/** Names of bundles that were made to be fetched. Those that nobody came back for are removed after some days. */
const PREFIX = 'pull-'
const KEPT_DAYS = 7

export function pulledBundle(name: string): string {
  return `${PREFIX}${name}.tgz`
}

/**
 * Reads the logs into the log database, and prints what it has then: `server_id`, `stats` (the JSON of `logdb stats` by day in
 * base64), and `unread`, the reason why the logs could not be read. Ends with NO_LOGDB where there is none.
 * @param isRead false leaves the logs unread
 */
export function logDays(folder: string, isRead: boolean): Argv {
  return sh(
    `cd "$1" || exit 1
[ -x scripts/logdb ] && [ -f state.json ] || exit ${NO_LOGDB}
if [ "$2" = read ]; then
  unread=$(scripts/logdb ingest --quiet --wait 60s </dev/null 2>&1 >/dev/null) || echo "unread=$(printf '%s' "$unread" | tail -n 1)"
fi
echo "server_id=$(cat logs/db/.server_id 2>/dev/null)"
[ -d logs/db ] || exit 0
stats=$(scripts/logdb stats --by day --tz UTC --json </dev/null) || [ -n "$stats" ] || exit 1
echo "stats=$(printf '%s' "$stats" | base64 -w0)"`,
    folder,
    isRead ? 'read' : 'look',
  )
}

export interface BundleRequest {
  folder: string
  /** Of the file in bundles/. */
  name: string
  /** UTC days. */
  since: string
  to: string
}

/** Makes a bundle unless it is there, and lets logdb verify it. */
export function makeBundle({ folder, name, since, to }: BundleRequest): Argv {
  return sh(
    `cd "$1" || exit 1
{ mkdir -p -m 750 bundles && chown --reference=logs bundles; } || exit 1
find bundles -maxdepth 1 -name '${PREFIX}*' -mtime +${KEPT_DAYS} -exec rm -rf -- {} +
[ ! -f "bundles/$2" ] || exit 0
scripts/logdb bundle create --since "$3" --to "$4" --out "bundles/$2.new" </dev/null >&2 &&
  scripts/logdb bundle verify "bundles/$2.new" </dev/null >&2 &&
  mv -f "bundles/$2.new" "bundles/$2"
status=$?
rm -rf "bundles/$2.new" "bundles/$2.new".*
exit $status`,
    folder,
    name,
    since,
    to,
  )
}

/** Prints `size` and the SHA-256 of each chunk of a bundle as `chunk`. Ends with NO_FILE if it is not there. */
export function measureBundle(folder: string, name: string): Argv {
  return sh(
    `cd "$1/bundles" 2>/dev/null && [ -f "$2" ] || exit ${NO_FILE}
size=$(stat -c %s "$2")
echo "size=$size"
at=0
while [ $((at * $3)) -lt "$size" ]; do
  set -- "$1" "$2" "$3" $(dd if="$2" bs="$3" skip="$at" count=1 2>/dev/null | sha256sum)
  echo "chunk=$4"
  at=$((at + 1))
done`,
    folder,
    name,
    String(CHUNK_BYTES),
  )
}

/** Prints some chunks of a bundle. */
export function sendChunks(folder: string, name: string, first: number, count: number): Argv {
  const script = 'exec dd if="$1" bs="$2" skip="$3" count="$4" 2>/dev/null'
  return sh(script, `${folder}/bundles/${name}`, String(CHUNK_BYTES), String(first), String(count))
}

export function dropBundle(folder: string, name: string): Argv {
  return sh('rm -f -- "$1/bundles/$2"', folder, name)
}
