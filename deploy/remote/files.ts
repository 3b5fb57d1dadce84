import type { Argv } from '../host/argv.ts'
import { sh } from './sh.ts'

/**
 * Replaces a file by its stdin with one rename; the content is on disk before that. A connection that drops half-way looks
 * like the end of stdin, so the content is compared with its SHA-256 first.
 * @param copy path of a copy that is kept of the file that was there, so that `putBack` needs no space; one that exists
 * already stays. Empty for none
 */
export function writeFile(path: string, mode: string, sha256: string, copy = ''): Argv {
  return sh(
    `set -e
umask 077
[ -d "\${1%/*}" ] || mkdir -p "\${1%/*}"
t="$1.tmp.$$"
trap 'rm -f "$t"' EXIT
cat > "$t"
case $(sha256sum < "$t") in "$3 "*) ;; *) false ;; esac || { echo 'the content did not arrive whole' >&2; exit 1; }
chmod "$2" "$t"
sync "$t"
[ -z "$4" ] || [ -e "$4" ] || { cp -p "$1" "$4.part"; sync "$4.part"; mv "$4.part" "$4"; }
mv -f "$t" "$1"`,
    path,
    mode,
    sha256,
    copy,
  )
}

/** Makes the folders of a first deploy; existing ones stay as they are. */
export function makeFolders(folder: string, uid: number, gid: number): Argv {
  return sh(
    `set -e
umask 022
mkdir -p "$1/releases" "$1/edge/dynamic" "$1/scripts"
[ -d "$1/certs" ] || mkdir -p -m 700 "$1/certs"
[ -d "$1/backups" ] || mkdir -p -m 700 "$1/backups"
[ -d "$1/logs" ] || { mkdir "$1/logs"; chown "$2:$3" "$1/logs"; }`,
    folder,
    String(uid),
    String(gid),
  )
}

/**
 * Unpacks a gzipped tar from stdin into a folder that appears whole or not at all.
 * @param source a folder of the server that is copied into it first; empty for none
 */
export function unpackFolder(folder: string, source = ''): Argv {
  return sh(
    `set -e
umask 022
t="$1.part"
trap 'rm -rf "$t"' EXIT
rm -rf "$t"
mkdir -p "$t"
[ -z "$2" ] || cp -a "$2" "$t/"
tar -xzf - --no-same-owner -C "$t"
sync "$t"
mv -T "$t" "$1"`,
    folder,
    source,
  )
}

export function removeTree(path: string): Argv {
  return ['rm', '-rf', '--', path]
}

/** One rename; it has no effect if there is no copy. */
export function putBack(path: string, copy: string): Argv {
  return sh('[ ! -e "$2" ] || mv -f "$2" "$1"', path, copy)
}

/** Removes the copies that `writeFile` made, also those of runs that were cut off. */
export function dropCopies(path: string): Argv {
  return sh('rm -f -- "$1".before-*', path)
}

/** For people only, so it may change in two steps. What is not a link is moved aside. */
export function pointTo(link: string, target: string): Argv {
  return sh(
    '[ -L "$1" ] || [ ! -e "$1" ] || mv -T "$1" "$1.before-$(date +%s)" || exit 1; ln -sfn "$2" "$1"',
    link,
    target,
  )
}

const RESERVE_BYTES = 1024 ** 2

/** Keeps a file whose space can be freed on a full disk. Its content is random, so that no file system packs it. */
export function keepReserve(path: string): Argv {
  return sh(
    '[ "$(stat -c %s "$1" 2>/dev/null)" = "$2" ] || head -c "$2" /dev/urandom > "$1" || { rm -f "$1"; exit 1; }',
    path,
    String(RESERVE_BYTES),
  )
}

/** Appends its stdin, one line. */
export function appendLine(path: string): Argv {
  return sh('umask 077; cat >> "$1"', path)
}

/** Prints the last lines of a file; nothing if there is none. */
export function readLastLines(path: string, count: number): Argv {
  return sh('[ ! -e "$1" ] || tail -n "$2" "$1"', path, String(count))
}

/** Keeps its stdin, readable by its owner only. The caller must check that it arrived whole. */
export function receiveFile(path: string): Argv {
  return sh('umask 077; cat > "$1"', path)
}
