import type { Argv } from '../host/argv.ts'
import { sh } from './sh.ts'

export interface BackupInput {
  folder: string
  /** File name in backups/. */
  name: string
  /** Release whose folder goes in. */
  release: string
  /** An image with better-sqlite3, for consistent copies of the log databases. */
  image: string
  /** uid:gid that owns logs/. */
  owner: string
  keep: number
  /** A backup that must stay, since it is being restored; empty for none. */
  protect: string
}

/** Copies each database with VACUUM INTO, which reads one consistent state while other processes write. */
const COPY_DATABASES = `
const { mkdirSync, readdirSync } = require('node:fs')
const { dirname, join } = require('node:path')
const Database = require('better-sqlite3')
// Node 24.19 aborts when a native object is collected while no JavaScript runs.
const kept = []
for (const path of readdirSync('/logs/db', { recursive: true })) {
  if (!path.endsWith('.sqlite3')) continue
  const copy = join('/copy', path)
  mkdirSync(dirname(copy), { recursive: true })
  const database = new Database(join('/logs/db', path), { readonly: true, timeout: 30000 })
  const statement = database.prepare('VACUUM INTO ?')
  kept.push(database, statement)
  statement.run(copy)
  database.close()
}`

/**
 * Writes backups/NAME and removes the oldest of its kind beyond \`keep\`. Holds .env, certs/, state.json, the route file,
 * the live release's folder and copies of the log databases. Prints its size in bytes.
 */
export function makeBackup({ folder, name, release, image, owner, keep, protect }: BackupInput): Argv {
  return sh(
    `set -e
umask 077
cd "$1"
mkdir -p backups
staging="backups/.copy-$2"
part="backups/.part-$2"
trap 'rm -rf "$staging" "$part"' EXIT
mkdir -p "$staging/logs/db"
if [ -n "$(find logs/db -name '*.sqlite3' -print 2>/dev/null | head -n 1)" ]; then
  chown "$5" "$staging/logs/db"
  docker run --rm --network none --user "$5" -v "$1/logs/db:/logs/db" -v "$1/$staging/logs/db:/copy" "$4" node -e "$7"
fi
set -- "$1" "$2" "$3" "$6" "$8"
list=
for f in .env certs state.json edge/dynamic/app.yml "releases/$3"; do [ ! -e "$f" ] || list="$list $f"; done
# shellcheck disable=SC2086
tar -czf "$part" $list -C "$staging" logs
sync "$part"
mv "$part" "backups/$2"
ls -1 backups | grep -E '^ai-proxy-backup-[0-9]{8}-[0-9]{6}\\.tar\\.gz$' | sort -r | tail -n "+$(($4 + 1))" | grep -vxF -e "$5" | while read -r old; do rm -f -- "backups/$old"; done
stat -c %s "backups/$2"`,
    folder,
    name,
    release,
    image,
    owner,
    String(keep),
    COPY_DATABASES,
    protect,
  )
}

/** Prints the members of an archive, one a line, each with its type letter and a space first. */
export function listArchive(path: string): Argv {
  return sh(
    `list=$(tar -tvzf "$1") || exit 1
printf '%s\\n' "$list" | sed -E 's/^(.)[^ ]* +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ /\\1 /'`,
    path,
  )
}

/** Compares unpacked files with their SHA-256 sums on stdin, as sha256sum(1) writes them. */
export function verifySums(folder: string): Argv {
  return sh('cd "$1" && sha256sum --check --strict --quiet -', folder)
}

/** Puts the certificates of an unpacked backup in place; the present ones go to another folder. */
export function replaceCerts(source: string, certs: string, kept: string): Argv {
  return sh(
    `set -e
rm -rf "$3"
mv "$2" "$3"
mkdir -m 700 "$2"
cp "$1"/*.json "$2"/
chmod 600 "$2"/*.json
chown -R 0:0 "$2"`,
    source,
    certs,
    kept,
  )
}

export function putCertsBack(certs: string, kept: string): Argv {
  return sh('[ ! -d "$2" ] || { rm -rf "$1" && mv "$2" "$1"; }', certs, kept)
}

/** Prints one member's content. */
export function readMember(path: string, member: string): Argv {
  return ['tar', '-xzOf', path, '--', member]
}

/** Unpacks some members into a folder that is made for it. */
export function unpackMembers(path: string, folder: string, members: string[]): Argv {
  return sh(
    `set -e
umask 077
archive=$1; target=$2; shift 2
rm -rf "$target"; mkdir -p "$target"
tar -xzf "$archive" --no-same-owner -C "$target" -- "$@"`,
    path,
    folder,
    ...members,
  )
}
