import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

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

/** Puts the certificates of an unpacked backup in place; the present ones, if there are any, go to another folder. */
export function replaceCerts(source: string, certs: string, kept: string): Argv {
  return sh(
    `set -e
rm -rf "$3"
if [ -d "$2" ]; then mv "$2" "$3"; else mkdir -m 700 "$3"; fi
mkdir -m 700 "$2"
for f in "$1"/*.json "$1"/own-*.pem; do
  [ ! -f "$f" ] || { cp "$f" "$2"/; chmod 600 "$2/\${f##*/}"; }
done
chown -R 0:0 "$2"`,
    source,
    certs,
    kept,
  )
}

export function putCertsBack(certs: string, kept: string): Argv {
  return sh('[ ! -d "$2" ] || { rm -rf "$1" && mv "$2" "$1"; }', certs, kept)
}

/** Removes what restores that were cut off have left. */
export function removeLeftovers(folder: string): Argv {
  return sh('rm -rf -- "$1"/.restore-*', folder)
}

/** Prints one member's content. */
export function readMember(path: string, member: string): Argv {
  return ['tar', '-xzOf', path, '--', member]
}

/** Prints the SHA-256 of each file in an archive, and its path, without unpacking anything. */
export function memberSums(path: string): Argv {
  const command = `printf '%s  %s\\n' "$(sha256sum | cut -d' ' -f1)" "$TAR_FILENAME"`
  return ['tar', '-xzf', path, `--to-command=${command}`]
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
