import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

export interface StagingInput {
  folder: string
  /** File name in backups/. */
  name: string
  /** Release whose folder goes in; empty for none. */
  release: string
  /** An image with better-sqlite3, for consistent copies of the log databases. */
  image: string
  /** uid:gid that owns logs/. */
  owner: string
  includesLogs: boolean
}

/**
 * Copies each database with VACUUM INTO, which reads one consistent state while other processes write. Prints
 * `reason=CODE PATH` for each one that cannot be copied so.
 */
const COPY_DATABASES = `
const { mkdirSync, readdirSync, renameSync, rmSync } = require('node:fs')
const { dirname, join } = require('node:path')
const Database = require('better-sqlite3')
const [, from, to] = process.argv
// Node 24.19 aborts when a native object is collected while no JavaScript runs.
const kept = []
for (const path of readdirSync(from, { recursive: true })) {
  if (!path.endsWith('.sqlite3')) continue
  const copy = join(to, path)
  const part = copy + '.part'
  try {
    mkdirSync(dirname(copy), { recursive: true })
    const database = new Database(join(from, path), { readonly: true, timeout: 10000 })
    kept.push(database)
    const statement = database.prepare('VACUUM INTO ?')
    kept.push(statement)
    statement.run(part)
    database.close()
    renameSync(part, copy)
  } catch (error) {
    rmSync(part, { force: true })
    console.log('reason=' + (error.code || error.name) + ' logs/db/' + path)
  }
}`

/** Arguments: folder, name, release, image, owner, `logs` to take them, COPY_DATABASES. */
const STAGE = `set -e
umask 077
cd "$1"
mkdir -p backups
rm -rf backups/.copy-* backups/.part-*
staging="backups/.copy-$2"
isWhole=
trap '[ -n "$isWhole" ] || rm -rf "$staging"' EXIT
mkdir "$staging"
for f in .env certs state.json edge/dynamic/app.yml edge/acme-ca.pem "releases/\${3:-.none}"; do
  [ ! -e "$f" ] || cp -a --parents "$f" "$staging/"
done
if [ "$6" = logs ] && [ -d logs/db ]; then
  mkdir -p "$staging/logs/db"
  if [ -n "$(find logs/db -name '*.sqlite3' -print | head -n 1)" ]; then
    if docker image inspect "$4" >/dev/null 2>&1; then
      chown "$5" "$staging/logs/db"
      docker run --rm --init --network none --user "$5" -v "$1/logs/db:/logs/db" -v "$1/$staging/logs/db:/copy" "$4" node -e "$7" /logs/db /copy 2>/dev/null || :
      find "$staging/logs/db" -name '*.part' -exec rm -f {} +
    else
      echo "image=absent"
    fi
  fi
  find logs/db -type f ! -name '*-wal' ! -name '*-shm' ! -name '*-journal' ! -name '*.part' ! -name .lock -print | while IFS= read -r f; do
    [ ! -e "$staging/$f" ] || continue
    mkdir -p "$staging/$(dirname "$f")"
    # logdb may rename or remove it at this moment.
    cp -p "$f" "$staging/$f" || { [ ! -e "$f" ] || exit 1; rm -f "$staging/$f"; continue; }
    case $f in
      *.sqlite3)
        for part in wal journal; do [ ! -e "$f-$part" ] || cp -p "$f-$part" "$staging/$f-$part" || [ ! -e "$f-$part" ] || exit 1; done
        echo "raw=$f" ;;
    esac
  done
fi
find "$staging" -type l -exec rm -f {} +
(cd "$staging" && find . -type f -exec sha256sum {} + | sed -E 's,^([0-9a-f]{64})  \\./,file=\\1  ,')
isWhole=yes`

/**
 * Copies into backups/.copy-NAME what a backup holds: .env, certs/, state.json, the route file, edge/acme-ca.pem, the
 * release's folder, and logs/db if it is asked for. A database that SQLite cannot copy is copied as it is, with its -wal.
 * First removes what runs that were cut off have left. Prints \`raw=PATH\` for each database that was copied as it is,
 * perhaps \`reason=CODE PATH\`, and \`file=SHA256  PATH\` for each file.
 */
export function stageBackup({ folder, name, release, image, owner, includesLogs }: StagingInput): Argv {
  return sh(STAGE, folder, name, release, image, owner, includesLogs ? 'logs' : '', COPY_DATABASES)
}

/**
 * Makes backups/NAME of what was staged and of the manifest on stdin, which becomes its first member, then removes other
 * backups. Prints its size in bytes.
 */
export function packBackup(folder: string, name: string, manifestSha256: string, removed: readonly string[]): Argv {
  return sh(
    `set -e
umask 077
cd "$1/backups"
name=$2; sum=$3; shift 3
staging=".copy-$name"
part=".part-$name"
trap 'rm -rf "$staging" "$part"' EXIT
cat > "$staging/backup.json"
[ "$(sha256sum < "$staging/backup.json" | cut -d' ' -f1)" = "$sum" ] || { echo 'the manifest did not arrive whole' >&2; exit 1; }
# shellcheck disable=SC2046
(cd "$staging" && tar -czf "../$part" backup.json $(ls -A | grep -vx backup.json))
sync "$part"
mv "$part" "$name"
for old; do rm -f -- "$old"; done
stat -c %s "$name"`,
    folder,
    name,
    manifestSha256,
    ...removed,
  )
}
